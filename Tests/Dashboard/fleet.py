"""Two real hosts with one real etcd, and a real Prometheus that scrapes them as Examples/prometheus has it."""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import yaml

from waiting import Failed, until

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "Examples")
FULL, PLAIN = "full", "plain"

#: The host that has all there is: checks, reloads, zones, HAProxy. {late} is what a reload adds.
FULL_CONFIGURATION = """
[etcd]
endpoints = ["{etcd}"]
[host]
zone = "a"
[limits]
endpoints = 40
[metrics]
listen = "{metrics}"
[[service]]
name = "web"
id = "web-1"
address = "10.0.0.5"
port = 8080
check = [{{ tcp = "{backend}", interval = "200ms", timeout = "1s", rise = 1, fall = 1 }}]
[[output]]
path = "{directory}/lists/endpoints.json"
reload = {{ command = ["true"], interval = "100ms" }}
[[output]]
path = "{directory}/lists/near.json"
services = ["db"]
prefer_zone = ["a", "b"]
[[output]]
path = "{directory}/lists/haproxy.cfg"
format = "haproxy"
services = ["web"]
runtime = "{haproxy_socket}"
reload = {{ command = ["sh", "-c", "kill -USR2 $(cat {haproxy_pid})"], interval = "100ms" }}
{late}
"""

#: The host that has what the sample configuration has, and one service.
PLAIN_CONFIGURATION = """
[etcd]
endpoints = ["{etcd}"]
[metrics]
listen = "{metrics}"
[[service]]
name = "plain"
id = "plain-1"
address = "10.0.0.6"
port = 8080
[[output]]
path = "{directory}/lists/endpoints.json"
"""

LATE_SERVICE = """
[[service]]
name = "late"
id = "late-1"
address = "10.0.0.5"
port = 8081
"""

# A stats socket outlives reloads: the master hands it on.
HAPROXY_CONFIGURATION = """
global
    stats socket {haproxy_socket} mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend in
    bind {frontend}
"""


def a_free_port():
    """A socket at a port below those that the kernel gives to whoever connects, so that none of these takes it once it
    is closed."""
    while True:
        try:
            return socket.create_server(("127.0.0.1", random.randrange(20000, 32000)))
        except OSError:
            continue


class Fleet:
    """All of it, in a directory of its own; `end` ends what it started."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory
        self.processes = {}
        self.backend = None
        # All bound at once, so that no two are the same.
        sockets = [a_free_port() for _ in range(7)]
        addresses = ["127.0.0.1:%d" % each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        self.etcd, self.peer, self.prometheus, self.backend_address, self.frontend = addresses[:5]
        self.metrics = {FULL: addresses[5], PLAIN: addresses[6]}
        self.settings = {
            "etcd": f"http://{self.etcd}", "backend": self.backend_address, "frontend": self.frontend,
            "haproxy_socket": self.file("haproxy.sock"), "haproxy_pid": self.file("haproxy.pid")}

    def file(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, text, *names):
        os.makedirs(os.path.dirname(self.file(*names)), exist_ok=True)
        with open(self.file(*names), "w") as file:
            file.write(text)
        return self.file(*names)

    # ---- what runs

    def spawn(self, name, *command):
        with open(self.file(f"{name}.log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})

    def start(self):
        """Starts everything, Prometheus last: what it sees first is a fleet in health."""
        self.start_etcd()
        # There before the daemons: a service that grows from nothing spills for a while.
        for number in range(2):
            self.put(f"services/db/d{number}", json.dumps(
                {"Op": 0, "Addr": f"10.0.0.{number + 7}:5432", "discoveryd": {"zone": "a"}}))
        host, port = self.backend_address.split(":")
        self.backend = socket.create_server((host, int(port)))
        os.makedirs(self.file(FULL, "lists"))
        self.write("", FULL, "lists", "haproxy.cfg")
        self.write(HAPROXY_CONFIGURATION.format(**self.settings), "haproxy.cfg")
        self.spawn("haproxy", "haproxy", "-W", "-db", "-p", self.file("haproxy.pid"), "-f",
                   self.file("haproxy.cfg"), "-f", self.file(FULL, "lists", "haproxy.cfg"))
        until(lambda: os.path.exists(self.file("haproxy.pid")) and os.path.exists(self.file("haproxy.sock")),
              "HAProxy's socket", 10)
        for name in FULL, PLAIN:
            self.configure(name)
            self.start_daemon(name)
        for name in FULL, PLAIN:
            until(lambda name=name: self.is_ready(name), f"{name} is ready", 20)
        until(self.haproxy_has_its_list, "HAProxy has its list", 20)
        self.start_prometheus()

    def start_etcd(self):
        self.spawn("etcd", "etcd", "--data-dir", self.file("etcd"), "--log-level", "error",
                   "--listen-client-urls", f"http://{self.etcd}", "--advertise-client-urls", f"http://{self.etcd}",
                   "--listen-peer-urls", f"http://{self.peer}", "--initial-advertise-peer-urls",
                   f"http://{self.peer}", "--initial-cluster", f"default=http://{self.peer}",
                   "--unsafe-no-fsync")
        until(lambda: get(f"http://{self.etcd}/health"), "etcd answers", 15)

    def configure(self, name, late=""):
        text = FULL_CONFIGURATION if name == FULL else PLAIN_CONFIGURATION
        os.makedirs(self.file(name, "lists"), exist_ok=True)
        self.write(text.format(directory=self.file(name), metrics=self.metrics[name], late=late, **self.settings),
                   name, "conf")

    def start_daemon(self, name):
        os.makedirs(self.file(name, "state"), exist_ok=True)
        self.spawn(name, self.binary, "run", "-c", self.file(name, "conf"), "--status-file",
                   self.file(name, "state", "status.json"), "--control-socket", self.file(name, "control.sock"),
                   "--state-directory", self.file(name, "state"))

    def start_prometheus(self):
        with open(os.path.join(EXAMPLES, "prometheus", "hosts.yml")) as file:
            configuration = yaml.safe_load(file)
        configuration["global"] = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "500ms")
        configuration["rule_files"] = [os.path.abspath(os.path.join(EXAMPLES, "prometheus", "alerts.yml"))]
        job = configuration["scrape_configs"][0]
        job["static_configs"] = [{"targets": [address], "labels": {"instance": name}}
                                 for name, address in self.metrics.items()]
        self.write(yaml.safe_dump(configuration), "prometheus.yml")
        self.spawn("prometheus", "prometheus", f"--config.file={self.file('prometheus.yml')}",
                   f"--storage.tsdb.path={self.file('prometheus')}", f"--web.listen-address={self.prometheus}")
        until(lambda: len(self.query("up == 1")) == 2, "Prometheus scrapes both hosts", 30)

    def reload(self, name):
        self.processes[name].send_signal(signal.SIGHUP)

    def kill(self, name):
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def end(self):
        if self.backend:
            self.backend.close()
        # In the opposite order: a daemon that stops takes leave of etcd.
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ---- what is asked

    def page(self, name, path):
        return get(f"http://{self.metrics[name]}{path}") or ""

    def is_ready(self, name):
        if self.processes[name].poll() is not None:
            raise Failed(f"{name} ended with {self.processes[name].returncode}")
        return bool(self.page(name, "/readyz"))

    def haproxy_has_its_list(self):
        lines = self.page(FULL, "/metrics").splitlines()
        faults = [line for line in lines
                  if line.startswith(("discoveryd_hook_failing", "discoveryd_haproxy_differs")) and line.endswith(" 1")]
        return 'discoveryd_hook_runs_total{hook="sh",result="done"} 1' in lines and not faults

    def doctor(self, name):
        """The names of the checks of `discoveryd doctor`, in their order; None when the binary has no such command."""
        usage = subprocess.run([self.binary, "--help"], capture_output=True, text=True, timeout=20, check=False)
        if "\n  doctor " not in usage.stdout:
            return None
        run = subprocess.run(
            [self.binary, "doctor", "-c", self.file(name, "conf"), "--control-socket",
             self.file(name, "control.sock"), "-o", "json"],
            capture_output=True, text=True, timeout=60, check=False)
        try:
            return [check["name"] for check in json.loads(run.stdout)["checks"]]
        except (ValueError, KeyError) as error:
            raise Failed(f"doctor -o json: {error}: {run.stdout}{run.stderr}") from error

    def put(self, key, value):
        """Writes to etcd, over its HTTP gateway."""
        body = json.dumps({"key": base64.b64encode(key.encode()).decode(),
                           "value": base64.b64encode(value.encode()).decode()}).encode()
        with urllib.request.urlopen(f"http://{self.etcd}/v3/kv/put", body, timeout=5):
            pass

    def query(self, text):
        """The series of an instant query; raises for one that Prometheus does not take."""
        return self.ask("query", query=text)["result"]

    def alerts(self):
        """The alerts that are pending or firing."""
        return self.ask("alerts")["alerts"]

    def ask(self, path, **parameters):
        """What Prometheus's API answers; nothing while it starts."""
        url = f"http://{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise Failed(f"{parameters}: {error.read().decode()}") from error
        except urllib.error.URLError:
            if self.processes["prometheus"].poll() is not None:
                raise Failed("Prometheus ended") from None
        return {"result": [], "alerts": []}


def get(url):
    """The page, or None when it is not there or not 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None
