"""The two programs that are compared: how each is started, and which file it keeps."""
import os
import shutil
import tempfile

from process import Process
from replacements import Replacements

#: The service that a program registers itself.
OWN = "own"


class Program:
    """One of the two. `only` is the one service that its list is to hold."""
    name = ""

    def __init__(self, binary, directory, only=None):
        self.binary, self.only = binary, only
        self.directory = os.path.join(directory, self.name)
        self.path = os.path.join(self.directory, "lists", "endpoints.json")
        self.log = os.path.join(self.directory, "log")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def command(self, etcd):
        raise NotImplementedError

    def start(self, etcd, group=None):
        return Process(self.command(etcd), self.log, group)

    def watch(self):
        """Takes the list away, and watches for new ones from now on."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        return Replacements(self.path)


class Discoveryd(Program):
    """`services` are those that it registers, as its configuration has them."""
    name = "discoveryd"

    def __init__(self, binary, directory, only=None, services=None):
        super().__init__(binary, directory, only)
        self.services = services or f'[[service]]\nname = "{OWN}"\nid = "a"\nport = 80\naddress = "10.0.0.1"\n'
        # In memory, as under /run: the Go program has no such files.
        self.run = tempfile.mkdtemp(prefix="discoveryd-bench-", dir="/dev/shm")

    def __exit__(self, *_):
        shutil.rmtree(self.run)

    def command(self, etcd):
        conf = os.path.join(self.directory, "conf")
        only = f'services = ["{self.only}"]\n' if self.only else ""
        with open(conf, "w") as file:
            file.write(f'[etcd]\nendpoints = ["{etcd.address}"]\n[[output]]\npath = "{self.path}"\n{only}'
                       + self.services)
        return [self.binary, "run", "-c", conf, "--status-file", f"{self.run}/status.json",
                "--control-socket", f"{self.run}/control.sock"]


class Peer(Program):
    name = "Go"

    def command(self, etcd):
        return [self.binary, "-etcd", etcd.address, "-key", f"services/{OWN}/b", "-addr", "10.0.0.2:80",
                "-file", self.path, "-service", self.only or ""]
