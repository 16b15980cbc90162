"""A network of the scenario's own: a bridge, and one network namespace for each member of etcd.

Packets of a member are dropped in its own namespace, without an answer, as on a broken switch.
"""
import subprocess

CLIENTS, PEERS = 2379, 2380
# Where the daemons are.
HERE, HERE_6 = "10.77.0.254", "fd77::254"


def run(*command, text=None):
    """Runs a program of the system; its complaint becomes the error."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def make():
    """Makes the bridge. The caller is in a network and a mount namespace of its own."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")  # `ip netns` keeps its names there
    run("ip", "-batch", "-", text=f"""
        link set lo up
        link add bridge type bridge
        addr add {HERE}/24 dev bridge
        addr add {HERE_6}/64 dev bridge nodad
        link set bridge up
    """)


class Host:
    """A network namespace with one address of each family."""

    def __init__(self, number):
        self.name = f"m{number}"
        self.is_cut = False
        self.address, self.address_6 = f"10.77.0.{number}", f"fd77::{number}"
        run("ip", "netns", "add", self.name)
        run("ip", "-batch", "-", text=f"""
            link add {self.name} type veth peer name eth0 netns {self.name}
            link set {self.name} master bridge up
        """)
        run("ip", "-netns", self.name, "-batch", "-", text=f"""
            link set lo up
            addr add {self.address}/24 dev eth0
            addr add {self.address_6}/64 dev eth0 nodad
            link set eth0 up
        """)

    def command(self, *command):
        """The command, to be run on this host."""
        return ["ip", "netns", "exec", self.name, *command]

    def vanish(self):
        """From now on every packet from and to this host is dropped."""
        self._drop("drop")

    def part_from_peers(self):
        """From now on this member does not hear from the others; clients reach it."""
        self._drop(f"tcp dport {PEERS} drop; tcp sport {PEERS} drop")

    def refuse_clients(self):
        """From now on clients are refused, and those that are connected are hung up on."""
        self._drop(f"tcp dport {CLIENTS} reject with tcp reset", outgoing="")

    def come_back(self):
        """Packets pass again."""
        self.is_cut = False
        run(*self.command("nft", "delete", "table", "inet", "cut"))

    def _drop(self, rules, outgoing=None):
        self.is_cut = True
        incoming = rules.replace("; ", "\n")
        outgoing = incoming if outgoing is None else outgoing
        run(*self.command("nft", "-f", "-"), text=f"""
            table inet cut {{
                chain incoming {{
                    type filter hook input priority 0; policy accept;
                    iifname "lo" accept
                    {incoming}
                }}
                chain outgoing {{
                    type filter hook output priority 0; policy accept;
                    oifname "lo" accept
                    {outgoing}
                }}
            }}
        """)
