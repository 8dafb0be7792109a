#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Connections that close as they are told, and segments that belong to nothing.

closing.py serve PORT: answers each byte with itself, and closes when it is a "c".
closing.py ask ADDRESS PORT SOURCE: connects and prints "connected PORT"; then does what each line on
standard input says, and prints what came of it:
  talk          sends a byte, prints the answer
  stray data    sends bytes at a random place of the sequence
  stray reset   sends a reset there
  close         makes the server close, and closes at the same time
"""
import random
import selectors
import socket
import struct
import sys

IPV6_CHECKSUM = 7


def serve(port):
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                said = key.fileobj.recv(1)
                if said not in (b"", b"c"):
                    key.fileobj.send(said)
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def stray(connection, flags, payload):
    """A segment of this connection, as far as addresses and ports go."""
    (source, sport), (target, dport) = connection.getsockname()[:2], connection.getpeername()[:2]
    segment = struct.pack("!HHIIBBHHH", sport, dport, random.getrandbits(32),
                          random.getrandbits(32), 5 << 4, flags, 500, 0, 0) + payload
    raw = socket.socket(connection.family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    raw.bind((source, 0))
    if connection.family == socket.AF_INET6:
        raw.setsockopt(socket.IPPROTO_IPV6, IPV6_CHECKSUM, 16)
    else:
        pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack(
            "!HH", socket.IPPROTO_TCP, len(segment))
        segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    raw.sendto(segment, (target, 0))
    return "sent"


def talk(connection):
    connection.send(b"t")
    return "answered" if connection.recv(1) == b"t" else "closed"


def close(connection):
    connection.send(b"c")
    connection.close()
    return "closed"


WHAT = {"talk": talk, "close": close,
        "stray data": lambda connection: stray(connection, 0x18, b"nobody's"),
        "stray reset": lambda connection: stray(connection, 0x04, b"")}


def ask(address, port, source):
    connection = socket.create_connection((address, port), 20, (source, 0))
    print("connected", connection.getsockname()[1], flush=True)
    for line in sys.stdin:
        try:
            print(WHAT[line.strip()](connection), flush=True)
        except OSError as error:
            print(error.strerror or error, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        ask(sys.argv[2], int(sys.argv[3]), sys.argv[4])
