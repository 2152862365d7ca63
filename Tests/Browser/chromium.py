"""Headless Chromium, driven over a pipe (file descriptors 3 and 4) with the DevTools protocol. Standard library only."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds that anything may take on a slow, busy machine before the test gives up


class Failed(Exception):
    """Something was not as it should be."""


class Chromium:
    """One browser with one page. What the page complains of is collected in `complaints`."""

    def __init__(self, program, origin):
        self.origin = origin
        self.complaints = []
        self.events = []
        self.next = 0
        self.buffer = b""
        self.profile = tempfile.mkdtemp(prefix="quittance-chromium-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def place():
            # Both away from 3 and 4 first: the pipes may lie there crosswise.
            read, write = os.dup(to_browser), os.dup(from_browser)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--remote-debugging-pipe", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars",
                "--user-data-dir=" + self.profile, "about:blank",
            ],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(domain + ".enable")

    def close(self):
        """Ends the browser and removes its profile."""
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        except Exception:
            self.process.kill()
            self.process.wait()
        os.close(self.input)
        os.close(self.output)
        shutil.rmtree(self.profile, ignore_errors=True)

    # What goes over the pipe.

    def call(self, method, **parameters):
        """Calls a method of the protocol and gives its result."""
        self.next += 1
        message = {"id": self.next, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        number = self.next
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.read(end)
            if answer.get("id") == number:
                if "error" in answer:
                    raise Failed("%s: %s" % (method, answer["error"]))
                return answer["result"]

    def read(self, end):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise Failed("the browser is silent")
            part = os.read(self.input, 1 << 20)
            if not part:
                raise Failed("the browser has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        if "method" in message:
            self.heard(message["method"], message["params"])
        return message

    def heard(self, method, event):
        self.events.append(method)
        if method == "Runtime.exceptionThrown":
            self.complaints.append("exception: " + json.dumps(event["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            self.complaints.append("console: " + json.dumps(event["args"])[:500])
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            self.complaints.append("log: " + event["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = event["request"]["url"]
            if not url.startswith((self.origin + "/", "data:")) and url != "about:blank":
                self.complaints.append("request to elsewhere: " + url)

    # What a person does.

    def look(self, width, height, is_dark, is_phone):
        """Sets the screen and the colour scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=2 if is_phone else 1, mobile=is_phone)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ])

    def go(self, path):
        """Opens a page and waits until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=self.origin + path)
        self.wait_for_load()

    def wait_for_load(self):
        end = time.monotonic() + PATIENCE
        while "Page.loadEventFired" not in self.events:
            self.read(end)
        self.events.clear()

    def ask(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
                           userGesture=True)
        if "exceptionDetails" in result:
            raise Failed("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, expression, what):
        """Waits until an expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.ask(expression):
            if time.monotonic() > end:
                raise Failed("waited in vain until %s; the page says: %s" % (
                    what, self.ask("document.body.innerText")))
            time.sleep(0.05)

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def click(self, selector):
        """Clicks with the mouse in the middle of what the selector finds."""
        place = self.ask(
            "(() => { const e = document.querySelector(%s); e.scrollIntoView({block: 'center'});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
            % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def shoot(self, file):
        """Takes a picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        with open(file, "wb") as output:
            output.write(base64.b64decode(picture["data"]))
