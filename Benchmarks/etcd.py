"""A private etcd, asked through its HTTP gateway over a connection that stays open."""
import base64
import http.client
import json
import socket
import subprocess
import time

SERVICE_SIZE = 50
AT_ONCE = 100


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def encode(text):
    return base64.b64encode(text.encode()).decode()


def record(service, id, addr):
    """A value as discoveryd writes it."""
    return json.dumps({"Op": 0, "Addr": addr, "discoveryd": {
        "schema": 1, "service": service, "id": id, "owner": "0123456789abcdef0123456789abcdef",
        "weight": 100, "zone": "a", "tags": ["blue"], "meta": {"version": "1.2"}, "state": "up",
    }}, separators=(",", ":"))


class Etcd:
    def __init__(self, directory):
        self.address = f"127.0.0.1:{free_port()}"
        client, peer = f"http://{self.address}", f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            ["etcd", "--name=bench", f"--data-dir={directory}/etcd", f"--listen-client-urls={client}",
             f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
             f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=bench={peer}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connection = http.client.HTTPConnection(self.address, timeout=60)
                self._ask("kv/put", {"key": encode("warm-up"), "value": ""})
                self._answer()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.end()
                    raise SystemExit("etcd did not start; is etcd-server installed?") from None
                time.sleep(0.05)

    def fill(self, count):
        """Puts so many endpoints, in services of 50."""
        puts = [{"requestPut": self._put(f"s{n // SERVICE_SIZE}", f"i{n}",
                                         f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}:80")}
                for n in range(count)]
        for start in range(0, count, AT_ONCE):
            self._ask("kv/txn", {"success": puts[start:start + AT_ONCE]})
            self._answer()

    def begin_put(self, service, id, addr):
        """Sends a put and does not wait; see `end_put`."""
        self._ask("kv/put", self._put(service, id, addr))

    def end_put(self):
        """The revision of the put that was sent."""
        return int(self._answer()["header"]["revision"])

    def end(self):
        self.process.kill()
        self.process.wait()

    @staticmethod
    def _put(service, id, addr):
        return {"key": encode(f"services/{service}/{id}"), "value": encode(record(service, id, addr))}

    def _ask(self, path, body):
        self.connection.request("POST", "/v3/" + path, json.dumps(body))

    def _answer(self):
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"etcd: {text!r}")
        return json.loads(text)
