"""A headless Chromium, driven over WebDriver (https://www.w3.org/TR/webdriver2/) by Debian's chromedriver."""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def free_port():
    """A port below those that the kernel gives to whoever connects, so that none of these takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Browser:
    """One window of a fresh profile."""

    def __init__(self, directory, scripts=True, dark=False, size=(1280, 900)):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = dict(os.environ, HOME=directory, TMPDIR=directory)
        self.process = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True)
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--hide-scrollbars", f"--user-data-dir={directory}/profile",
            f"--window-size={size[0]},{size[1]}"]
        if dark:
            arguments += ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
        options = {"args": arguments}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        capabilities = {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}, "unhandledPromptBehavior": "ignore"}}
        self.session = None
        self._await_driver()
        answer = self._ask("POST", "/session", {"capabilities": capabilities})
        self.session = answer["sessionId"]

    def _await_driver(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                if self._ask("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise SystemExit("chromedriver did not start; is chromium-driver installed?")
            time.sleep(0.05)

    def _ask(self, method, path, body=None, limit=60):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=limit) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"WebDriver: {error.read().decode()[:500]}") from None

    def _session(self, method, path, body=None):
        return self._ask(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self._session("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs a script as the driver does, which no policy of the page forbids, and returns its value."""
        return self._session("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys):
        """Presses and releases keys, one after the other, in whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._session("POST", "/actions", {
            "actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def type(self, selector, text):
        element = self._session("POST", "/element", {"using": "css selector", "value": selector})
        self._session("POST", f"/element/{element[ELEMENT]}/value", {"text": text})

    def texts(self, selector):
        """The texts of all elements that match, as they are in the document."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def alert(self):
        """The text of an alert that is open; None when there is none."""
        try:
            return self._session("GET", "/alert/text")
        except AssertionError:
            return None

    def complaints(self):
        """What the console has said since the last call."""
        return [entry["message"] for entry in self._session("POST", "/se/log", {"type": "browser"})]

    def resize(self, width, height):
        self._session("POST", "/window/rect", {"width": width, "height": height})

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._session("GET", "/screenshot")))

    def emulate(self, width, height, dark):
        """Shows the page as a screen of that size has it, in one of the two colour schemes."""
        for command, parameters in [
            ("Emulation.setDeviceMetricsOverride",
             {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
            ("Emulation.setEmulatedMedia",
             {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}),
        ]:
            self._session("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def close(self):
        try:
            if self.session:
                self._session("DELETE", "")
        except (AssertionError, OSError):
            pass
        # Its group: the browser is a child of the driver.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
