#!/usr/bin/python3
"""A host on which discoveryd works, and one thing after the other broken on it: `discoveryd doctor` has to name
that, and nothing that does not depend on it. Runs inside the box, see scenarios/doctor.sh.

    doctor.py SOURCES [--table FILE] [NAME...]      SOURCES: the root of the sources; a table in markdown goes to FILE
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from email.utils import formatdate

CONFIGURATION = "/etc/discoveryd.conf"
DROP_IN = "/etc/systemd/system/discoveryd.service.d/doctor.conf"
RULES = "/etc/polkit-1/rules.d/50-discoveryd-reload.rules"
SCRATCH = "/srv/doctor"
LISTS = "/srv/lists"
ADDRESS = "10.0.0.5"
SOURCES = sys.argv[1]
# The newest etcd that CI has; Debian's is 3.4.
NEWER = os.path.join(SOURCES, ".build/tools/etcd-3.5/etcd")

SERVICE = f"""[[service]]
name = "web"
id = "web-1"
port = 8080
address = "{ADDRESS}"
"""
PROMETHEUS = f"""[[output]]
path = "{LISTS}/targets.json"
format = "prometheus"
"""
HAPROXY = """[[output]]
path = "/run/discoveryd/haproxy.cfg"
format = "haproxy"
services = ["web"]
runtime = "/run/haproxy/admin.sock"
reload = { unit = "haproxy.service", interval = "0s" }
"""
UNIT = f"""[Service]
ReadWritePaths={LISTS}
SupplementaryGroups=haproxy
"""
RUNNING = []


def run(*words, **options):
    return subprocess.run(words, check=True, text=True, capture_output=True, **options).stdout


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def eventually(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not in time: {what}")
        time.sleep(0.05)


def answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def etcdctl(*words, port=2379, user=()):
    return run("etcdctl", f"--endpoints=127.0.0.1:{port}", *user, *words,
               env={**os.environ, "ETCDCTL_API": "3"})


def start(*words):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    RUNNING.append(process)
    return process


def etcd(name, port, *words, program="/usr/bin/etcd", scheme="http"):
    """Starts an etcd of its own, beside that of Debian's unit."""
    peer = f"http://127.0.0.1:{port + 1}"
    process = start(program, "--name", name, "--data-dir", f"{SCRATCH}/{name}",
                    "--listen-client-urls", f"{scheme}://127.0.0.1:{port}",
                    "--advertise-client-urls", f"{scheme}://127.0.0.1:{port}",
                    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                    "--initial-cluster", f"{name}={peer}", *words)
    eventually(f"etcd {name}", lambda: answers(port))
    return process


def configure(etcd="", services=SERVICE, outputs=PROMETHEUS + HAPROXY, more="", reload=False):
    section = f"[etcd]\n{etcd}\n" if etcd else ""
    write(CONFIGURATION, f"{section}{more}\n{services}\n{outputs}")
    if reload:
        run("systemctl", "reload", "discoveryd")


def drop_in(text, reload=True):
    # A file that is as old as systemd's look at it has not changed for systemd.
    write(DROP_IN, text)
    if reload:
        run("systemctl", "daemon-reload")


def status():
    return json.loads(run("discoveryd", "status", "-o", "json"))


def is_well():
    try:
        now = status()
    except (subprocess.CalledProcessError, ValueError):
        return False
    return (now["state"] == "current" and not now["action_errors"]
            and all(one["status"] == "registered" for one in now["services"])
            and all(one["status"] == "current" and one.get("runtime") in (None, "current")
                    for one in now["outputs"]))


def doctor(*words, prefix=()):
    began = time.monotonic()
    result = subprocess.run([*prefix, "discoveryd", "doctor", "-o", "json", *words],
                            text=True, capture_output=True, timeout=60)
    took = time.monotonic() - began
    if not result.stdout.startswith("{"):
        raise SystemExit(f"no report: {result.stdout} {result.stderr}")
    report = json.loads(result.stdout)
    assert report["exit_status"] == result.returncode, (result.returncode, report)
    return report, took


# ---- proxies ---------------------------------------------------------------------------------


class Proxy(threading.Thread):
    """Passes bytes on, each after a delay; pages of HTTP/1.1 it answers itself, with another time."""

    def __init__(self, port, delay=0.0, ahead=None):
        super().__init__(daemon=True)
        self.delay, self.ahead = delay, ahead
        self.listener = socket.create_server(("127.0.0.1", port))

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            first = client.recv(65536)
            if self.ahead is not None and first.startswith(b"GET "):
                date = formatdate(time.time() + self.ahead, usegmt=True)
                client.sendall(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            with socket.create_connection(("127.0.0.1", 2379)) as server:
                threading.Thread(target=self.copy, args=(server, client), daemon=True).start()
                self.forward(server, first)
                self.copy(client, server)

    def forward(self, target, data):
        time.sleep(self.delay)
        target.sendall(data)

    def copy(self, source, target):
        try:
            while data := source.recv(65536):
                self.forward(target, data)
        except OSError:
            pass


PROXIES = []


def proxy(port, **options):
    one = Proxy(port, **options)
    one.start()
    PROXIES.append(one)


# ---- certificates -----------------------------------------------------------------------------

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
TLS = f"{SCRATCH}/tls"


def authority():
    os.makedirs(TLS, exist_ok=True)
    run("openssl", "req", "-x509", *KEY, "-days", "100", "-subj", "/CN=ca", "-keyout", f"{TLS}/ca.key",
        "-out", f"{TLS}/ca.pem")


def certificate(name, names, days):
    """Makes one that is ten days old and has so many left."""
    run("openssl", "req", *KEY, "-subj", f"/CN={name}", "-keyout", f"{TLS}/{name}.key", "-out",
        f"{TLS}/{name}.csr")
    write(f"{TLS}/{name}.cnf", f"""[ca]
default_ca = own
[own]
database = {TLS}/index
rand_serial = yes
new_certs_dir = {TLS}
default_md = sha256
policy = any
unique_subject = no
x509_extensions = ext
[any]
commonName = supplied
[ext]
subjectAltName = {names}
""")
    write(f"{TLS}/index", "")
    begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * number + 60))
                  for number in (-10, days))
    run("openssl", "ca", "-batch", "-notext", "-config", f"{TLS}/{name}.cnf", "-cert", f"{TLS}/ca.pem",
        "-keyfile", f"{TLS}/ca.key", "-in", f"{TLS}/{name}.csr", "-out", f"{TLS}/{name}.pem",
        "-startdate", begin, "-enddate", end)
    for end in ("key", "pem"):
        os.chmod(f"{TLS}/{name}.{end}", 0o644)


def over_tls(more=""):
    configure(etcd=f'endpoints = ["https://127.0.0.1:2479"]\nca_file = "{TLS}/ca.pem"\n{more}')


def as_user(name, password):
    write(f"{SCRATCH}/password", password, 0o640)
    shutil.chown(f"{SCRATCH}/password", group="_discoveryd")
    configure(etcd='endpoints = ["http://127.0.0.1:2679"]\n'
                   f'username = "{name}"\npassword_file = "{SCRATCH}/password"')


# ---- what is broken ------------------------------------------------------------------------------

CASES = []


def case(check, verdict="failed", also=(), name=None):
    """Registers a broken set-up: its name is what is broken, what it returns mends it.

    `also` are checks that see the same thing by its effects.
    """
    def register(function):
        words = name or function.__name__.replace("_", " ")
        CASES.append((words, check, verdict, set(also), function))
        return function
    return register


@case("configuration")
def a_port_of_a_service_is_99999():
    configure(services=SERVICE.replace("8080", "99999"))


@case("user", name="the unit's user does not exist")
def the_unit_s_user_does_not_exist():
    drop_in(UNIT + "User=nobody-here\n")


@case("directories")
def the_directory_of_an_output_does_not_exist():
    configure(outputs=PROMETHEUS.replace(LISTS, f"{LISTS}/none") + HAPROXY)


@case("directories")
def the_directory_of_an_output_belongs_to_root():
    shutil.chown(LISTS, "root")
    return lambda: shutil.chown(LISTS, "_discoveryd")


@case("directories")
def the_disk_of_an_output_is_full():
    run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755,uid=_discoveryd", "tmpfs", LISTS)
    write(f"{LISTS}/fill", "x" * 500_000)
    return lambda: run("umount", LISTS)


@case("consumers")
def prometheus_cannot_enter_the_directory_of_its_file():
    os.chmod(LISTS, 0o700)
    return lambda: os.chmod(LISTS, 0o755)


@case("unit")
def the_sandbox_does_not_allow_the_directory_of_an_output():
    drop_in(UNIT.replace(f"ReadWritePaths={LISTS}", ""))


@case("unit")
def the_sandbox_allows_no_IPv4():
    drop_in(UNIT + "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_NETLINK\n")


@case("unit", name="the unit is not in the group of HAProxy's socket")
def the_unit_is_not_in_the_group_of_HAProxy_s_socket():
    drop_in(UNIT.replace("SupplementaryGroups=haproxy", ""))


@case("unit", "warning")
def a_drop_in_has_changed_since_systemd_read_it():
    drop_in(UNIT + "LimitNOFILE=1024\n", reload=False)


@case("unit", name="a drop-in says Type=simple")
def a_drop_in_says_Type_simple():
    drop_in(UNIT + "Type=simple\n")


@case("unit", "warning")
def a_drop_in_turns_the_watchdog_off():
    drop_in(UNIT + "WatchdogSec=0\n")
    run("systemctl", "restart", "discoveryd")

    def mend():
        drop_in(UNIT)
        run("systemctl", "restart", "discoveryd")
    return mend


@case("unit", also={"files"})
def an_output_is_in_the_private_tmp():
    configure(outputs=PROMETHEUS.replace(LISTS, "/tmp") + HAPROXY, reload=True)


@case("unit")
def the_daemon_is_stopped():
    run("systemctl", "stop", "discoveryd")
    return lambda: run("systemctl", "start", "discoveryd")


@case("reload_rights")
def polkit_has_no_rule_for_the_reload():
    os.rename(RULES, f"{SCRATCH}/rules")
    run("systemctl", "restart", "polkit")

    def mend():
        os.rename(f"{SCRATCH}/rules", RULES)
        run("systemctl", "restart", "polkit")
    return mend


@case("reload_rights", also={"reloads"}, name="HAProxy's socket has the level operator")
def HAProxy_s_socket_has_the_level_operator():
    path = "/etc/haproxy/haproxy.cfg"
    text = open(path).read()
    write(path, text.replace("level admin", "level operator"))
    run("systemctl", "restart", "haproxy")

    def mend():
        write(path, text)
        run("systemctl", "restart", "haproxy")
    return mend


@case("reload_rights", name="a check's program is only for root")
def a_check_s_program_is_only_for_root():
    write("/usr/local/bin/probe-web", "#!/bin/sh\n", 0o700)
    configure(services=SERVICE + 'check = [{ exec = ["/usr/local/bin/probe-web"] }]\n')
    return lambda: os.remove("/usr/local/bin/probe-web")


@case("dns")
def the_name_of_etcd_does_not_exist():
    configure(etcd='endpoints = ["https://etcd.invalid:2379"]')


@case("tcp")
def no_etcd_listens_at_the_endpoint():
    configure(etcd='endpoints = ["http://127.0.0.1:2999"]')


@case("tcp", "warning")
def one_of_two_endpoints_is_down():
    configure(etcd='endpoints = ["http://127.0.0.1:2379", "http://127.0.0.1:2999"]')


@case("tls")
def the_endpoint_says_https_and_etcd_does_not():
    configure(etcd='endpoints = ["https://127.0.0.1:2379"]')


@case("tls")
def the_certificate_of_etcd_is_for_another_name():
    certificate("server", "DNS:other.example", 90)
    over_tls()


@case("tls", "warning")
def the_certificate_of_etcd_ends_in_two_days():
    certificate("server", "IP:127.0.0.1", 2)
    over_tls()


@case("tls")
def the_authority_is_another_one():
    certificate("server", "IP:127.0.0.1", 90)
    other = f"{SCRATCH}/other.pem"
    run("openssl", "req", "-x509", *KEY, "-days", "100", "-subj", "/CN=other", "-keyout",
        f"{SCRATCH}/other.key", "-out", other)
    configure(etcd=f'endpoints = ["https://127.0.0.1:2479"]\nca_file = "{other}"')


@case("tls")
def only_root_can_read_the_key():
    certificate("server", "IP:127.0.0.1", 90)
    certificate("client", "DNS:client", 90)
    os.chmod(f"{TLS}/client.key", 0o600)
    over_tls(f'cert_file = "{TLS}/client.pem"\nkey_file = "{TLS}/client.key"')


@case("etcd_version", "warning", name="etcd is 3.5.1")
def etcd_is_3_5_1():
    configure(etcd='endpoints = ["http://127.0.0.1:2579"]')


@case("cluster", also={"etcd_version"})
def the_endpoints_belong_to_two_clusters():
    configure(etcd='endpoints = ["http://127.0.0.1:2379", "http://127.0.0.1:2579"]')


@case("cluster")
def the_database_of_etcd_is_full():
    etcd("full", 2779, "--quota-backend-bytes=1048576")
    value = "x" * 100_000
    for number in range(30):
        words = ["etcdctl", "--endpoints=127.0.0.1:2779", "put", f"k{number}", value]
        if subprocess.run(words, capture_output=True, env={**os.environ, "ETCDCTL_API": "3"}).returncode:
            break
    configure(etcd='endpoints = ["http://127.0.0.1:2779"]')


@case("cluster")
def etcd_accepts_and_never_answers():
    listener = socket.create_server(("127.0.0.1", 2888))
    configure(etcd='endpoints = ["http://127.0.0.1:2888"]')
    return listener.close


@case("clock", "warning", name="the clock of etcd's host is 90 s ahead")
def the_clock_of_etcd_s_host_is_90_s_ahead():
    proxy(2801, ahead=90)
    configure(etcd='endpoints = ["http://127.0.0.1:2801"]')


@case("latency", "warning")
def etcd_takes_600_ms():
    proxy(2802, delay=0.3)
    configure(etcd='endpoints = ["http://127.0.0.1:2802"]')


@case("login")
def the_password_is_wrong():
    as_user("host", "not-it")


@case("login")
def etcd_has_users_and_none_is_configured():
    configure(etcd='endpoints = ["http://127.0.0.1:2679"]')


@case("login")
def only_root_can_read_the_password():
    as_user("host", "sesame")
    shutil.chown(f"{SCRATCH}/password", group="root")


@case("permissions")
def the_user_may_not_read_the_prefix():
    as_user("blind", "sesame")


@case("permissions")
def the_user_may_not_write_the_keys_of_this_host():
    as_user("reader", "sesame")


@case("lease", name="etcd does not know the daemon's lease")
def etcd_does_not_know_the_daemon_s_lease():
    # A daemon gets another lease at once; one whose word is older than that is played.
    told = status()
    told["lease"] = "00000000000000ab"
    path = f"{SCRATCH}/control.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                body = json.dumps(told).encode()
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                               + str(len(body)).encode() + b"\r\n\r\n" + body)
    threading.Thread(target=serve, daemon=True).start()
    return server.close


@case("watch", "warning", name="etcd's grpc-proxy is in between")
def etcd_s_grpc_proxy_is_in_between():
    start("/usr/bin/etcd", "grpc-proxy", "start", "--endpoints=127.0.0.1:2379",
          "--listen-addr=127.0.0.1:2390", "--data-dir", f"{SCRATCH}/proxy")
    eventually("the proxy", lambda: answers(2390))
    configure(etcd='endpoints = ["http://127.0.0.1:2390"]')


@case("files")
def the_check_of_an_output_refuses_each_list():
    configure(outputs=PROMETHEUS + 'check = ["/bin/false", "{file}"]\n' + HAPROXY, reload=True)
    etcdctl("put", "services/web/w9", "10.0.0.9:80")
    eventually("the list to be refused", lambda: any(one["status"] == "refused" for one in status()["outputs"]))
    return lambda: etcdctl("del", "services/web/w9")


@case("files", "warning")
def the_configuration_has_another_output_than_the_daemon():
    configure(outputs=PROMETHEUS + HAPROXY + PROMETHEUS.replace("targets", "more"))


@case("reloads")
def the_reload_of_an_output_fails():
    configure(outputs=PROMETHEUS + 'reload = { command = ["/bin/false"], interval = "0s" }\n' + HAPROXY,
              reload=True)
    etcdctl("put", "services/web/w9", "10.0.0.9:80")
    eventually("the reload to fail", lambda: status()["action_errors"])
    return lambda: etcdctl("del", "services/web/w9")


@case("instance")
def another_host_has_the_key_of_a_service():
    etcdctl("put", "services/other/other-1",
            '{"Op":0,"Addr":"10.0.0.7:80","discoveryd":{"owner":"ffffffffffffffffffffffffffffffff"}}')
    configure(services=SERVICE + f'[[service]]\nname = "other"\nid = "other-1"\nport = 8080\naddress = "{ADDRESS}"\n')
    return lambda: etcdctl("del", "services/other/other-1")


@case("instance")
def a_second_daemon_has_the_same_configuration():
    # It registers nothing, so that it is in nobody's way, until the configuration is read again.
    configure(services="", outputs="outputs = []")
    second = start("discoveryd", "run", "--config", CONFIGURATION, "--state-directory", SCRATCH,
                   "--status-file", f"{SCRATCH}/status.json", "--control-socket", f"{SCRATCH}/second.sock")
    eventually("the second daemon", lambda: os.path.exists(f"{SCRATCH}/second.sock"))
    configure()
    first = int(run("systemctl", "show", "-P", "MainPID", "discoveryd"))
    assert first != second.pid

    def mend():
        second.kill()
        second.wait()
    return mend


@case("ports")
def another_program_has_the_port_of_the_metrics():
    listener = socket.create_server(("127.0.0.1", 9469))
    configure(more='[metrics]\nlisten = "127.0.0.1:9469"\n')
    return listener.close


@case("ports", "warning")
def nothing_listens_where_a_service_is_registered():
    configure(services=SERVICE.replace("8080", "8081"))


# ---- a file for a bug report -------------------------------------------------------------------

MARKS = [f"secretmark{number}x" for number in range(11)]


def bundle():
    """Puts a secret wherever one may be, and looks for them in the bundle: what was found is returned."""
    password, query, header, argument, environment, credential, comment, unknown, meta, echoed, key = MARKS
    certificate("client", "DNS:client", 90)
    lines = open(f"{TLS}/client.key").read().splitlines()
    secrets = MARKS[:-1] + [line for line in lines if line and not line.startswith("-----")]
    as_user("host", password)
    # The content of outputs is nobody's business either: meta is in it.
    service = SERVICE + f"""meta = {{ api_token = "{meta}" }}
check = [
  {{ http = "http://127.0.0.1:8080/?key={query}", headers = {{ Authorization = "Bearer {header}" }} }},
  {{ exec = ["/bin/true", "--password", "{argument}"] }},
]
"""
    configure(etcd=f'endpoints = ["http://127.0.0.1:2679"]\nusername = "host"\npassword_file = "{SCRATCH}/password"\n'
                   f'cert_file = "{TLS}/client.pem"\nkey_file = "{TLS}/client.key"\n# {comment}', services=service,
              more='[metrics]\nlisten = "127.0.0.1:9469"\n')
    drop_in(UNIT + f"# {comment}\nEnvironment=TOKEN={environment}\nSetCredential=x:{credential}\n"
                   f"ExecStartPre=/bin/echo {echoed}\n")
    run("systemctl", "restart", "--no-block", "discoveryd")
    eventually("the journal to have it", lambda: echoed in run("journalctl", "-u", "discoveryd", "-n", "50"))
    eventually("the daemon to answer", lambda: subprocess.run(
        ["curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:9469/v1/events"]).returncode == 0)
    configure_copy = open(CONFIGURATION).read()
    path = f"{SCRATCH}/bundle.tar.gz"
    doctor("--bundle", path)
    # An unknown setting is one of a faulty file.
    write(CONFIGURATION, configure_copy + f'\nsecret_setting = "{unknown}"\n')
    faulty = f"{SCRATCH}/faulty.tar.gz"
    doctor("--bundle", faulty)
    complaints = []
    names = set()
    for one in (path, faulty):
        status = os.stat(one)
        if status.st_mode & 0o777 != 0o600:
            complaints.append(f"mode {status.st_mode:o}")
        with tarfile.open(one) as archive:
            for member in archive.getmembers():
                if not member.isfile():
                    continue
                names.add(os.path.basename(member.name))
                text = archive.extractfile(member).read().decode()
                complaints += [f"{mark} in {one}:{member.name}" for mark in secrets if mark in text]
                if not text:
                    complaints.append(f"{member.name} is empty")
                if member.name.endswith(".json") and "schema" not in json.loads(text):
                    complaints.append(f"{member.name} is no report: {text[:200]}")
                # A faulty configuration does not say where they are.
                if one == path and member.name.endswith("metrics.txt") and "discoveryd_build_info" not in text:
                    complaints.append(f"no metrics: {text[:200]}")
    wanted = {"doctor.txt", "doctor.json", "version.txt", "configuration.txt", "unit.txt", "drop-ins.txt",
              "outputs.txt", "os-release.txt", "status.json", "events.json", "metrics.txt", "journal.txt",
              "kernel.txt"}
    if names != wanted:
        complaints.append(f"files: {names ^ wanted}")
    # What is there stays, and a link is not followed.
    link = f"{SCRATCH}/link"
    os.symlink(f"{SCRATCH}/target", link)
    for taken in (path, link):
        before = os.stat(taken).st_size if os.path.exists(taken) else None
        result = subprocess.run(["discoveryd", "doctor", "--bundle", taken], capture_output=True, text=True)
        if result.returncode != 73 or "cannot be made" not in result.stderr:
            complaints.append(f"{taken}: {result.returncode} {result.stderr}")
        after = os.stat(taken).st_size if os.path.exists(taken) else None
        if before != after:
            complaints.append(f"{taken} has changed")
    if os.path.exists(f"{SCRATCH}/target"):
        complaints.append("a link was followed")
    return complaints


# ---- the host -----------------------------------------------------------------------------------


def set_up():
    for directory in (SCRATCH, LISTS):
        os.makedirs(directory, exist_ok=True)
    shutil.chown(LISTS, "_discoveryd")
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
    start("/usr/bin/python3", "-m", "http.server", "8080", "--bind", ADDRESS, "--directory", LISTS)
    examples = os.path.join(SOURCES, "Examples")
    shutil.copy(f"{examples}/haproxy/haproxy.cfg", "/etc/haproxy/haproxy.cfg")
    os.makedirs("/etc/systemd/system/haproxy.service.d", exist_ok=True)
    shutil.copy(f"{examples}/haproxy/unit.conf", "/etc/systemd/system/haproxy.service.d/discoveryd.conf")
    os.makedirs(os.path.dirname(RULES), exist_ok=True)
    shutil.copy(f"{examples}/polkit/50-discoveryd-reload.rules", RULES)
    configure()
    drop_in(UNIT)
    run("systemctl", "enable", "discoveryd")
    for unit in ("etcd", "polkit", "discoveryd", "haproxy"):
        run("systemctl", "restart", unit)
    authority()
    certificate("server", "IP:127.0.0.1", 90)
    etcd("secure", 2479, "--cert-file", f"{TLS}/server.pem", "--key-file", f"{TLS}/server.key", scheme="https")
    etcd("newer", 2579, program=NEWER)
    etcd("users", 2679)
    for name, rights in (("root", []), ("host", ["readwrite"]), ("reader", ["read"]), ("blind", [])):
        etcdctl("user", "add", f"{name}:sesame", port=2679)
        etcdctl("role", "add", name, port=2679)
        for right in rights:
            etcdctl("role", "grant-permission", "--prefix=true", name, right, "services/", port=2679)
        etcdctl("user", "grant-role", name, name, port=2679)
    etcdctl("auth", "enable", port=2679)
    eventually("all to be well", is_well, 30)
    time_to_listen = lambda: answers(8080, ADDRESS)
    eventually("the service to listen", time_to_listen)


def mend(undo):
    if undo:
        undo()
    if open(DROP_IN).read() != UNIT or run("systemctl", "show", "-P", "NeedDaemonReload", "discoveryd") != "no\n":
        drop_in(UNIT)
    configure(reload=True)
    eventually("all to be well again", is_well, 40)


def verdicts(report):
    return {one["name"]: one["status"] for one in report["checks"]}


NEEDS_NOTHING = {"ok", "skipped"}


def judge(name, check, verdict, also, report, took):
    """The complaints about a report: empty when it names what is broken and nothing else."""
    found = verdicts(report)
    complaints = []
    if found[check] != verdict:
        complaints.append(f"{check} is {found[check]}, and should be {verdict}")
    for other, said in found.items():
        if other != check and other not in also and said not in NEEDS_NOTHING:
            complaints.append(f"{other} is {said}")
    first = next((one["name"] for one in report["checks"] if one["status"] not in NEEDS_NOTHING), None)
    if not also and first != check:
        complaints.append(f"the first that is named is {first}")
    if took > 16:
        complaints.append(f"it took {took:.1f} s")
    for problem in (problem for one in report["checks"] for problem in one["problems"]):
        if not problem["remedy"]:
            complaints.append(f"no remedy for: {problem['message']}")
    return complaints


def main():
    words = sys.argv[2:]
    table = words.pop(words.index("--table") + 1) if "--table" in words else None
    names = [word for word in words if word != "--table"]
    set_up()
    report, took = doctor()
    wrong = {name: one for name, one in verdicts(report).items() if one != "ok"}
    if wrong:
        print(json.dumps(report, indent=1))
        raise SystemExit(f"on a host on which all is well: {wrong}")
    lines = ["| broken | check | result | says | takes |", "| --- | --- | --- | --- | --- |"]
    failures = 0
    for name, check, verdict, also, function in CASES:
        if names and name not in names:
            continue
        undo = function()
        options = ["--control-socket", f"{SCRATCH}/control.sock"] if check == "lease" else []
        report, took = doctor(*options)
        complaints = judge(name, check, verdict, also, report, took)
        said = next(one for one in report["checks"] if one["name"] == check)
        if complaints:
            failures += 1
            print(f"NOT OK - {name}: {'; '.join(complaints)}")
            for one in report["checks"]:
                if one["status"] != "ok":
                    print(f"    {one['status']:8} {one['name']:14} {one['message']}")
        else:
            print(f"ok - {name}: {check} {verdict}: {said['message']} ({took:.1f} s)", flush=True)
        message = said["message"].replace("|", "\\|")
        effects = f" (and {', '.join(sorted(also))})" if also else ""
        lines.append(f"| {name} | `{check}`{effects} | {said['status']} | {message} | {took:.1f} s |")
        mend(undo)
    report, _ = doctor()
    wrong = {name: one for name, one in verdicts(report).items() if one != "ok"}
    if wrong:
        failures += 1
        print(f"NOT OK - all mended: {wrong}")
    # Somebody without rights is told what they may see, and why not the rest.
    report, _ = doctor(prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    seen = verdicts(report)
    if not set(seen.values()) <= NEEDS_NOTHING or seen["reload_rights"] != "skipped" and seen["lease"] != "skipped":
        failures += 1
        print(f"NOT OK - as nobody: {seen}")
    complaints = bundle()
    if complaints:
        failures += 1
        print(f"NOT OK - a bundle has no secrets: {complaints}")
    if table:
        write(table, "\n".join(lines) + "\n")
    for process in RUNNING:
        process.kill()
    print(f"{len(CASES)} set-ups, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
