"""discoveryd as an administrator runs it: a configuration, a notify socket, a status file."""
import json
import os
import signal
import socket
import subprocess
import threading

from waiting import Failed, stop_process, until


class Daemon:
    """One discoveryd. Its files are in a directory of its own: NAME/conf, NAME/log,
    NAME/status/status.json, and the list NAME/lists/endpoints.json."""

    def __init__(self, binary, directory, name):
        self.binary, self.name = binary, name
        self.directory = os.path.join(directory, name)
        self.lists = os.path.join(self.directory, "lists")
        self.list = os.path.join(self.lists, "endpoints.json")
        self.log = os.path.join(self.directory, "log")
        self.conf = os.path.join(self.directory, "conf")
        self.status_file = os.path.join(self.directory, "status", "status.json")
        #: Where one run leaves things for the next; unused unless `keeps_state`.
        self.state = os.path.join(self.directory, "state")
        self.keeps_state = False
        self.process = None
        self._told = []
        self._socket = None
        os.makedirs(self.lists)
        os.makedirs(os.path.dirname(self.status_file))
        os.makedirs(self.state)

    def configure(self, endpoints, services, ttl=10, start_timeout=30, hold=None, on_stop=None,
                  on_empty=None, etcd=None, limits=None, metrics=None):
        """Writes the configuration. `services` are addresses by service/id, `etcd` more settings of etcd,
        `limits` those of the table of that name, `metrics` is where they are served."""
        lines = ["[etcd]", f"endpoints = {json.dumps(endpoints)}",
                 *(f'{key} = "{value}"' for key, value in (etcd or {}).items()),
                 "[start]", f'timeout = "{start_timeout}s"',
                 "[lease]", f'ttl = "{ttl}s"']
        if on_stop:
            lines.append(f'on_stop = "{on_stop}"')
        if limits:
            lines += ["[limits]", *(f"{key} = {json.dumps(value)}" for key, value in limits.items())]
        if metrics:
            lines += ["[metrics]", f'listen = "{metrics}"']
        lines += ["[[output]]", f'path = "{self.list}"']
        if hold is not None:
            lines.append(f'hold = "{hold}s"')
        if on_empty:
            lines.append(f'on_empty = "{on_empty}"')
        for key, addr in services.items():
            (name, id), (address, port) = key.split("/"), addr.rsplit(":", 1)
            lines += ["[[service]]", f'name = "{name}"', f'id = "{id}"', f"port = {port}",
                      f'address = "{address}"']
        with open(self.conf, "w") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, environment=None, blocked=()):
        """Starts the program; see `wait_ready`. `blocked` are the signals that are blocked as it begins."""
        self._listen()
        environment = {**os.environ, "NOTIFY_SOCKET": self._socket.getsockname(),
                       "SWIFT_BACKTRACE": "enable=no", **(environment or {})}
        state = ["--state-directory", self.state] if self.keeps_state else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", "-c", self.conf, "--status-file", self.status_file,
                 "--control-socket", self.status_file + ".sock", *state],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, blocked))

    def wait_ready(self, within=15):
        """Waits for READY=1."""
        def ready():
            if not self.runs:
                raise Failed(f"{self.name} ended with {self.process.returncode}")
            return "READY=1" in self._told
        until(ready, f"READY=1 of {self.name}", within)

    # ---- signals

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Stops it in mid-stride."""
        stop_process(self.process)

    def go_on(self):
        self.send(signal.SIGCONT)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def terminate(self, within=10):
        """Ends it as systemd does, and returns its exit status."""
        self.send(signal.SIGTERM)
        return self.ended(within)

    def ended(self, within=10):
        until(lambda: not self.runs, f"{self.name} ends", within)
        return self.process.returncode

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    # ---- what it says

    @property
    def printed(self):
        try:
            with open(self.log, errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def says(self, sentence, within, times=1):
        """Waits until a sentence is in the log, so many times."""
        until(lambda: self.printed.count(sentence) >= times, f"{self.name} says {sentence!r}", within)

    @property
    def status(self):
        """The status file; what is left out of it is None."""
        absent = {"state": None, "etcd": None, "lease": None, "outputs": [], "services": []}
        try:
            with open(self.status_file) as file:
                return {**absent, **json.load(file)}
        except FileNotFoundError:
            return absent

    @property
    def lease(self):
        return int(self.status["lease"] or "0", 16)

    @property
    def told(self):
        """The lines it sent to systemd since its start."""
        return list(self._told)

    @property
    def status_line(self):
        """What it said last to systemd of how it is, `STATUS=` in front."""
        return next((line for line in reversed(self.told) if line.startswith("STATUS=")), "")

    @property
    def peak_memory(self):
        """The most memory that it ever had at once, in KiB; see proc(5), VmHWM."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def leftovers(self, directory=None):
        """Staged files that nobody finished, in the directory of the list or another one. A lock is none."""
        staging = os.path.join(directory or self.lists, ".discoveryd")
        names = os.listdir(staging) if os.path.isdir(staging) else []
        return sorted(name for name in names if not name.endswith(".lock"))

    def _listen(self):
        """Opens a new notify socket and collects what arrives."""
        if self._socket:
            self._socket.close()
        told, self._told = [], None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(self.directory, "notify")
        if os.path.exists(path):
            os.remove(path)
        self._socket.bind(path)
        self._told = told
        threading.Thread(target=self._collect, args=(self._socket, told), daemon=True).start()

    @staticmethod
    def _collect(listening, told):
        while True:
            try:
                told += listening.recv(65536).decode().split("\n")
            except OSError:
                return
