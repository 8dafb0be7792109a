#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Clients of the control API that behave badly.

api_abuse.py SOCKET KIND SECONDS: for so long, at most; prints how many answers of each status came.

  flood      requests one after the other on 16 connections, each as soon as the last is answered
  slow       24 connections with a byte a second each, of a request that never ends
  oversized  bodies of 20 MiB: announced, and in chunks
  malformed  what is no HTTP, no JSON, no path; and connections that end in the middle
"""
import collections
import os
import random
import selectors
import socket
import sys
import time

GET = b"GET /v1/hosts HTTP/1.1\r\nHost: xlb\r\n\r\n"
POST = b"POST /v1/load HTTP/1.1\r\nHost: xlb\r\n"
MALFORMED = [
    b"\x00\xff\xfe" * 50, b"GET\r\n\r\n", b"HELO xlb\r\n\r\n", b"GET /v1/%zz HTTP/1.1\r\nHost: xlb\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: xlb\r\n\r\n",
    b"POST /v1/load HTTP/1.1\r\nHost: xlb\r\nContent-Length: 9\r\n\r\n{\"text\":[",
    b"POST /v1/load HTTP/1.1\r\nHost: xlb\r\nContent-Length: -5\r\n\r\n{}",
    b"POST /v1/load HTTP/1.1\r\nHost: xlb\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/load HTTP/1.1\r\nHost: xlb\r\nContent-Length: 1000\r\n\r\n{\"te",
]


def connect(path, timeout=10):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.connect(path)
    return s


def status_of(answer):
    words = answer.split(b" ", 2)
    return words[1].decode() if len(words) == 3 and words[0].startswith(b"HTTP/") else "none"


def exchange(path, data, counts, timeout=10):
    """All of the data, as far as somebody takes it; then the answer, if there is one."""
    with connect(path, timeout) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        try:
            answer = s.recv(4096)
        except OSError:
            answer = b""
        counts[status_of(answer)] += 1


def flood(path, end, counts):
    selector = selectors.DefaultSelector()
    for _ in range(16):
        s = connect(path)
        s.sendall(GET)
        selector.register(s, selectors.EVENT_READ, bytearray())
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            data = key.fileobj.recv(1 << 20)
            if not data:
                return
            key.data.extend(data)
            head, separator, body = bytes(key.data).partition(b"\r\n\r\n")
            if not separator:
                continue
            length = int(next(l for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")).split(b":")[1])
            if len(body) >= length:
                counts[status_of(head)] += 1
                key.data.clear()
                key.fileobj.sendall(GET)


def slow(path, end, counts):
    connections = [connect(path) for _ in range(24)]
    for i in range(1000):
        if time.monotonic() >= end:
            break
        for s in connections:
            try:
                s.sendall(GET[i % 20:i % 20 + 1] if i < 20 else b"a")
            except OSError:
                counts["closed"] += 1
        time.sleep(1)


def oversized(path, end, counts):
    megabyte = b" " * (1 << 20)
    while time.monotonic() < end:
        exchange(path, POST + b"Content-Length: 20971520\r\n\r\n" + megabyte * 20, counts)
        exchange(path, POST + b"Transfer-Encoding: chunked\r\n\r\n" +
                 (b"100000\r\n" + megabyte + b"\r\n") * 20 + b"0\r\n\r\n", counts)


def malformed(path, end, counts):
    generator = random.Random(1)
    while time.monotonic() < end:
        for data in MALFORMED:
            exchange(path, data, counts, 0.5)
        noise = generator.randbytes(200)
        exchange(path, GET[:generator.randrange(len(GET))] + noise, counts, 0.5)
        time.sleep(0.01)


def main():
    path, kind, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    counts = collections.Counter()
    {"flood": flood, "slow": slow, "oversized": oversized,
     "malformed": malformed}[kind](path, time.monotonic() + seconds, counts)
    print(" ".join(f"{status}:{n}" for status, n in sorted(counts.items())))
    sys.stdout.flush()
    os._exit(0)


main()
