"""A private etcd, and its keys read through its HTTP gateway."""
import base64
import http.client
import json
import socket
import subprocess
import time

PAGE = 2000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def encode(data):
    return base64.b64encode(data).decode()


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
                self._ask("kv/put", {"key": encode(b"warm-up"), "value": ""})
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.end()
                    raise SystemExit("etcd did not start; is etcd-server installed?") from None
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def keys(self, prefix):
        """All keys that begin with the prefix, at one revision: dictionaries with `key` and `value` as bytes."""
        key, end = prefix.encode(), prefix.encode()[:-1] + bytes([prefix.encode()[-1] + 1])
        revision, found = 0, []
        while True:
            answer = self._ask("kv/range", {"key": encode(key), "range_end": encode(end), "limit": PAGE,
                                            "revision": revision})
            revision = revision or answer["header"]["revision"]
            for kv in answer.get("kvs", []):
                found.append({**kv, "key": base64.b64decode(kv["key"]),
                              "value": base64.b64decode(kv.get("value", ""))})
            if not answer.get("more"):
                return found
            key = found[-1]["key"] + b"\0"

    def put(self, key, value):
        self._ask("kv/put", {"key": encode(key.encode()), "value": encode(value.encode())})

    def delete(self, key):
        self._ask("kv/deleterange", {"key": encode(key.encode())})

    def end(self):
        self.process.kill()
        self.process.wait()

    def _ask(self, path, body):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request("POST", "/v3/" + path, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise SystemExit(f"etcd: {text!r}")
        return json.loads(text)
