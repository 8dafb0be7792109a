#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Keeps TLS connections open and asks on each of them again and again, until SIGTERM.

REPORT.ready has the number of rounds done so far, once every connection is established. REPORT,
written at the end, has a line for each connection: requests, errors, the nodes that answered.
"""
import argparse
import os
import signal
import socket
import ssl
import sys
import time

ROUND_SECONDS = 0.1
TIMEOUT_SECONDS = 5


class Connection:
    def __init__(self, address, port, context):
        raw = socket.create_connection((address, port), TIMEOUT_SECONDS)
        self.sock = context.wrap_socket(raw, server_hostname=address)
        self.request = (f"GET / HTTP/1.1\r\nHost: xlb.example\r\n\r\n").encode()
        self.requests = 0
        self.error = None
        self.nodes = []

    def ask(self):
        if self.error:
            return
        try:
            self.sock.sendall(self.request)
            node = self.answer()
        except OSError as error:
            self.error = str(error) or type(error).__name__
            return
        self.requests += 1
        if node not in self.nodes:
            self.nodes.append(node)

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.read()
        head, body = data.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += self.read()
        return body.decode().strip()

    def read(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError("closed by the server")
        return data


def write_whole(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--report", required=True)
    args = parser.parse_args()

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    context = ssl.create_default_context(cafile=args.ca)
    connections = [Connection(args.address, args.port, context) for _ in range(args.count)]
    rounds = 0
    while not stopping:
        for connection in connections:
            connection.ask()
        rounds += 1
        write_whole(args.report + ".ready", f"{rounds}\n")
        time.sleep(ROUND_SECONDS)
    write_whole(args.report, "".join(
        f"requests={c.requests} errors={c.error or 'none'} nodes={','.join(c.nodes)}\n"
        for c in connections))


if __name__ == "__main__":
    sys.exit(main())
