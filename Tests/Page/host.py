"""A private etcd and one daemon that serves its page."""
import base64
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

from browser import free_port


def until(limit, what, look):
    """Looks again and again until it is true, and returns how long that took, in seconds."""
    begin = time.monotonic()
    while True:
        found = look()
        if found:
            return time.monotonic() - begin
        if time.monotonic() - begin > limit:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.01)


def encode(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


class Host:
    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory
        self.etcd = f"http://127.0.0.1:{free_port()}"
        peer = f"http://127.0.0.1:{free_port()}"
        self.page = f"http://127.0.0.1:{free_port()}"
        self.log = open(f"{directory}/log", "ab")
        self.processes = [subprocess.Popen(
            ["etcd", f"--data-dir={directory}/etcd", f"--listen-client-urls={self.etcd}",
             f"--advertise-client-urls={self.etcd}", f"--listen-peer-urls={peer}",
             f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
        until(20, "etcd answers", self._answers)
        with open(f"{directory}/discoveryd.conf", "w", encoding="utf-8") as file:
            file.write(f"""
[etcd]
endpoints = ["{self.etcd}"]
[metrics]
listen = "{self.page.removeprefix('http://')}"
[host]
zone = "a"
[[service]]
name = "api"
id = "api-1"
address = "10.0.0.5"
port = 8080
check = [{{ tcp = "{self.etcd.removeprefix('http://')}", interval = "1s" }}]
[[output]]
path = "{directory}/endpoints.json"
[[output]]
path = "{directory}/hosts"
format = "hosts"
""")
        self.daemon = None
        self.start()

    def start(self):
        self.daemon = subprocess.Popen(
            [self.binary, "run", "-c", f"{self.directory}/discoveryd.conf",
             "--status-file", f"{self.directory}/status.json",
             "--control-socket", f"{self.directory}/control.sock",
             "--state-directory", self.directory], stdout=self.log, stderr=self.log)
        until(20, "the page is served", lambda: self.get("/readyz") == 200)

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(20)

    def _ask(self, path, body):
        request = urllib.request.Request(
            f"{self.etcd}/v3/{path}", data=json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _answers(self):
        try:
            return self._ask("kv/range", {"key": encode("x")})
        except OSError:
            return None

    def put(self, key, value):
        """Puts a record under the prefix, as any other host would."""
        text = value if isinstance(value, (str, bytes)) else json.dumps(value)
        self._ask("kv/put", {"key": encode(f"services/{key}"), "value": encode(text)})

    def put_many(self, records):
        records = list(records)
        for start in range(0, len(records), 100):
            self._ask("kv/txn", {"success": [
                {"requestPut": {"key": encode(f"services/{key}"), "value": encode(value)}}
                for key, value in records[start:start + 100]]})

    def delete(self, key):
        self._ask("kv/deleterange", {"key": encode(f"services/{key}")})

    def get(self, path):
        """The status of a page; None when nobody answers."""
        try:
            with urllib.request.urlopen(self.page + path, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def close(self):
        for process in [self.daemon] + self.processes:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.log.close()

    def printed(self):
        with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as file:
            return file.read()
