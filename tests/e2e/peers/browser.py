#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A browser by chromedriver's WebDriver interface (W3C WebDriver, and Chrome's DevTools commands).

The driver runs all the time; each call of this is one command in the session that `open` began.
"""
import argparse
import base64
import json
import sys
import time
import urllib.request

ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
]


class Driver:
    def __init__(self, args):
        self.base = f"http://127.0.0.1:{args.driver}"
        self.file = args.session
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def session(self):
        with open(self.file, encoding="ascii") as f:
            return "/session/" + f.read()

    def begin(self, profile):
        options = {"args": ARGUMENTS + [f"--user-data-dir={profile}"],
                   "perfLoggingPrefs": {"enableNetwork": True}}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        value = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        with open(self.file, "w", encoding="ascii") as f:
            f.write(value["sessionId"])

    def run(self, script):
        return self.call("POST", self.session() + "/execute/sync",
                         {"script": f"return ({script})", "args": []})

    def devtools(self, command, **parameters):
        return self.call("POST", self.session() + "/goog/cdp/execute",
                         {"cmd": command, "params": parameters})

    def log(self, kind):
        return self.call("POST", self.session() + "/se/log", {"type": kind})


def cmd_open(driver, args):
    driver.begin(args.profile)
    driver.call("POST", driver.session() + "/url", {"url": args.url})


def cmd_eval(driver, args):
    value = driver.run(args.script)
    print(value if isinstance(value, str) else json.dumps(value))


def cmd_wait(driver, args):
    """Until the expression is true; its last value is printed when it did not become so."""
    deadline = time.monotonic() + args.seconds
    while True:
        value = driver.run(args.script)
        if value:
            return
        if time.monotonic() > deadline:
            sys.exit(f"still {json.dumps(value)}: {args.script}")
        time.sleep(0.1)


def cmd_size(driver, args):
    driver.devtools("Emulation.setDeviceMetricsOverride", width=args.width, height=args.height,
                    deviceScaleFactor=args.scale, mobile=args.width < 600)


def cmd_scheme(driver, args):
    driver.devtools("Emulation.setEmulatedMedia",
                    features=[{"name": "prefers-color-scheme", "value": args.scheme}])


def cmd_screenshot(driver, args):
    shot = driver.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=args.whole)
    with open(args.file, "wb") as f:
        f.write(base64.b64decode(shot["data"]))


def cmd_look(driver, args):
    """At another of the windows, in the order in which they were opened."""
    handles = driver.call("GET", driver.session() + "/window/handles")
    driver.call("POST", driver.session() + "/window", {"handle": handles[args.window]})


def cmd_heap(driver, _):
    """Bytes that the page's script uses, without what may be collected."""
    driver.devtools("HeapProfiler.collectGarbage")
    print(int(driver.devtools("Runtime.getHeapUsage")["usedSize"]))


def cmd_console(driver, _):
    """What the page and the browser have complained about, a line each."""
    for entry in driver.log("browser"):
        if entry["level"] in ("SEVERE", "WARNING"):
            print(entry["level"], entry["message"])


def cmd_requests(driver, _):
    """The addresses that were asked for since the last time, a line each."""
    for entry in driver.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            print(message["params"]["request"]["url"])


def cmd_quit(driver, _):
    driver.call("DELETE", driver.session())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", type=int, default=9515, help="chromedriver's port")
    parser.add_argument("--session", required=True, help="file that keeps the session's name")
    commands = parser.add_subparsers(required=True)

    def command(name, function, *arguments):
        sub = commands.add_parser(name)
        for flags, options in arguments:
            sub.add_argument(flags, **options)
        sub.set_defaults(function=function)

    command("open", cmd_open, ("--profile", {"required": True}), ("url", {}))
    command("eval", cmd_eval, ("script", {}))
    command("wait", cmd_wait, ("seconds", {"type": float}), ("script", {}))
    command("size", cmd_size, ("width", {"type": int}), ("height", {"type": int}),
            ("--scale", {"type": float, "default": 1}))
    command("scheme", cmd_scheme, ("scheme", {"choices": ["light", "dark"]}))
    command("screenshot", cmd_screenshot, ("--whole", {"action": "store_true"}), ("file", {}))
    command("look", cmd_look, ("window", {"type": int}))
    command("heap", cmd_heap)
    command("console", cmd_console)
    command("requests", cmd_requests)
    command("quit", cmd_quit)
    args = parser.parse_args()
    args.function(Driver(args), args)


main()
