"""A headless Chromium, driven through its debugging port: open pages, look at them, print them.

It is started without a network: every name but that of this machine fails to resolve, so that
what a page shows is what a reader without a connection sees.
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import websocket

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
PATIENCE = 60  # seconds for any one answer, on a busy machine
LOCAL = ("file:", "data:", "blob:", "about:", "devtools:", "http://127.0.0.1")


class BrowserError(Exception):
    """What went wrong with the browser or with a page in it."""


def program() -> str | None:
    """The path of a Chromium: `CHROMIUM` in the environment, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else PROGRAMS
    return next((path for name in names if (path := shutil.which(name))), None)


class Browser:
    """One Chromium with one page, for use in a `with` statement."""

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        self.size = (width, height)
        self.requests: list[str] = []
        self.messages: list[str] = []
        self._numbers = itertools.count(1)

    def __enter__(self) -> "Browser":
        path = program()
        if path is None:
            raise BrowserError("Chromium is missing. Debian and Ubuntu: sudo apt install chromium")
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        # The sandbox needs rights that root in a container does not have.
        flags = (*FLAGS, "--no-sandbox") if os.geteuid() == 0 else FLAGS
        self._process = subprocess.Popen(
            [path, *flags, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if socket := getattr(self, "_socket", None):
            try:
                self.call("Browser.close")
            except (BrowserError, OSError, websocket.WebSocketException):
                pass  # it is ended below
            socket.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _connect(self) -> None:
        port_file, deadline = (
            Path(self._profile) / "DevToolsActivePort",
            time.monotonic() + PATIENCE,
        )
        while not (port_file.is_file() and len(port_file.read_text().split()) == 2):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise BrowserError(f"{self._process.args[0]} did not start.")
            time.sleep(0.05)
        port, path = port_file.read_text().split()
        address = f"ws://127.0.0.1:{port}{path}"
        self._socket = websocket.create_connection(address, timeout=PATIENCE, max_size=None)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(*self.size)

    # The protocol ----------------------------------------------------------------------------

    def call(self, method: str, **parameters: object) -> dict:
        """Ask for something and wait for the answer; what happens meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _receive(self) -> dict:
        try:
            message = json.loads(self._socket.recv())
        except websocket.WebSocketTimeoutException as error:
            raise BrowserError(f"no answer within {PATIENCE} seconds") from error
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                thrown = details.get("exception", {}).get("description", details["text"])
                self.messages.append(f"{thrown.splitlines()[0]} at {details.get('url', '')}")
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "assert"):
                texts = [str(a.get("value", a.get("description"))) for a in parameters["args"]]
                self.messages.append(" ".join(texts))
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                entry = parameters["entry"]
                self.messages.append(f"{entry['text']} at {entry.get('url', '')}")
            case "Page.loadEventFired":
                self._loaded = True
        return message

    # Pages -----------------------------------------------------------------------------------

    def open(self, address: str) -> None:
        """Open a page and wait until it is loaded and its formulas are set."""
        self.requests, self.messages = [], []
        self._loaded = False
        answer = self.call("Page.navigate", url=address)
        if "errorText" in answer:
            raise BrowserError(f"{address}: {answer['errorText']}")
        # Another place of the same page needs no loading.
        while "loaderId" in answer and not self._loaded:
            self._receive()
        self.evaluate("window.MathJax?.startup?.promise?.then(() => true)")

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression in the page, awaited if it is a promise.

        If the page leads on to another one meanwhile, the expression is asked there.
        """
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        try:
            answer = self.call("Runtime.evaluate", **asked)
        except BrowserError as error:
            if "navigated" not in str(error):
                raise
            answer = self.call("Runtime.evaluate", **asked)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", details["text"])
            raise BrowserError(f"{expression[:80]}: {thrown}")
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 15) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > deadline:
                raise BrowserError(f"after {seconds} seconds still not true: {expression}")
            time.sleep(0.1)

    def press(self, key: str, code: int) -> None:
        """Press a key, as a reader does: the element with the focus gets it."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Show the page on a screen of this many pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    @contextmanager
    def popup(self, title: str) -> Iterator["Browser"]:
        """The window whose title contains these words, opened by the page, as its own page."""
        own, deadline = self._session, time.monotonic() + PATIENCE
        try:
            while True:
                self._session = None  # windows belong to the browser, not to a page
                windows = self.call("Target.getTargets")["targetInfos"]
                named = [w for w in windows if w["type"] == "page" and title in w["title"]]
                if named:
                    break
                if time.monotonic() > deadline:
                    raise BrowserError(f"no window with {title!r} in its title")
                time.sleep(0.1)
            target = named[0]["targetId"]
            attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
            self._session = attached["sessionId"]
            yield self
            self._session = None
            self.call("Target.closeTarget", targetId=target)
        finally:
            self._session = own

    def strangers(self) -> list[str]:
        """Requests of the page that left for another host."""
        return [address for address in self.requests if not address.startswith(LOCAL)]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save what is on the screen, or the whole page, as a PNG."""
        settings: dict = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            settings["clip"] = {**size, "scale": 1}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **settings)["data"]))

    def pdf(self, path: Path, **settings: object) -> None:
        """Print the page."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", **settings)["data"]))
