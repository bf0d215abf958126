"""webdriver.py: a browser, by W3C WebDriver's HTTP (https://www.w3.org/TR/webdriver2/),
with the standard library alone. Chromium's is in Debian's chromium-driver."""
import base64
import json
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver §12
KEYS = {"tab": "\ue004", "enter": "\ue007", "escape": "\ue00c", "space": "\ue00d", "down": "\ue015"}


class Failed(Exception):
    """What the driver says about a command that it couldn't do."""


class Browser:
    """One headless Chromium with a window of its own."""

    def __init__(self, port, size=(1360, 900), arguments=(), log="/dev/null"):
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}", f"--log-path={log}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.session = ""
        options = {
            "args": [
                "--headless=new",
                "--no-sandbox",  # root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                "--enable-precise-memory-info",
                f"--window-size={size[0]},{size[1]}",
                *arguments,
            ]
        }
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        answer = self.eventually(20, lambda: self.call("POST", "/session", {"capabilities": wanted}))
        self.session = "/session/" + answer["sessionId"]

    def close(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(10)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise Failed(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def eventually(self, seconds, what):
        """what() until it is true, and doesn't fail; that value."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = what()
                if value:
                    return value
                error = Failed(f"not within {seconds} s")
            except (Failed, OSError) as failure:
                error = failure
            if time.monotonic() > end:
                raise error
            time.sleep(0.03)

    def open(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    def script(self, code, *arguments):
        return self.call("POST", self.session + "/execute/sync", {"script": code, "args": list(arguments)})

    def later(self, code, *arguments):
        """A script whose last argument is called with its result."""
        return self.call("POST", self.session + "/execute/async", {"script": code, "args": list(arguments)})

    def find(self, css):
        found = self.call("POST", self.session + "/element", {"using": "css selector", "value": css})
        return found[ELEMENT]

    def click(self, css):
        self.call("POST", f"{self.session}/element/{self.find(css)}/click", {})

    def type(self, css, text):
        element = self.find(css)
        self.call("POST", f"{self.session}/element/{element}/clear", {})
        self.call("POST", f"{self.session}/element/{element}/value", {"text": text})

    def text(self, css):
        return self.call("GET", f"{self.session}/element/{self.find(css)}/text")

    def visible(self, css):
        try:
            return self.call("GET", f"{self.session}/element/{self.find(css)}/displayed")
        except Failed:
            return False

    def press(self, *keys):
        """Keys for whatever has the focus: names of KEYS, or characters."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("POST", self.session + "/actions", {"actions": [source]})

    def devtools(self, command, **parameters):
        return self.call(
            "POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters}
        )

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", self.session + "/screenshot")))

    def complaints(self):
        """What the browser's console has said since the last call, from warnings on."""
        entries = self.call("POST", self.session + "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]
