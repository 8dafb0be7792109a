#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Many short connections, and a server for them.

short_connections.py serve PORT: answers each connection with a byte, and closes.
short_connections.py ask ADDRESS PORT SOURCE[,SOURCE...] COUNT AT-ONCE: makes COUNT connections from these
addresses in turn, so many at once; prints how many were answered, and for the others how they ended.
"""
import collections
import itertools
import selectors
import socket
import sys


def serve(port):
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True,
                              backlog=4096) as listener:
        while True:
            connection, _ = listener.accept()
            try:
                connection.send(b"x")
            except OSError:
                pass
            connection.close()


class Asker:
    def __init__(self, address, port, sources):
        self.to, self.sources = (address, port), itertools.cycle(sources)
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.selector = selectors.DefaultSelector()
        self.ended = collections.Counter()
        self.running = 0

    def begin(self):
        connection = socket.socket(self.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        # The port is chosen when the destination is known: a port of TIME_WAIT is none.
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        connection.bind((next(self.sources), 0))
        self.running += 1
        try:
            connection.connect_ex(self.to)
            self.selector.register(connection, selectors.EVENT_READ)
        except OSError as error:
            self.end(connection, error.strerror)

    def end(self, connection, how):
        self.ended[how] += 1
        self.running -= 1
        connection.close()

    def step(self):
        ready = self.selector.select(10)
        if not ready:
            for key in list(self.selector.get_map().values()):
                self.selector.unregister(key.fileobj)
                self.end(key.fileobj, "silence")
        for key, _ in ready:
            self.selector.unregister(key.fileobj)
            try:
                how = "answered" if key.fileobj.recv(16) == b"x" else "closed"
            except OSError as error:
                how = error.strerror
            self.end(key.fileobj, how)

    def run(self, count, at_once):
        begun = 0
        while begun < count or self.running:
            while begun < count and self.running < at_once:
                self.begin()
                begun += 1
            self.step()


def main():
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    asker = Asker(sys.argv[2], int(sys.argv[3]), sys.argv[4].split(","))
    asker.run(int(sys.argv[5]), int(sys.argv[6]))
    for how, count in sorted(asker.ended.items()):
        print(how, count)


if __name__ == "__main__":
    main()
