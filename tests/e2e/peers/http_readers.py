#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Connections to an HTTP server that are a burden to it: `idle` ones ask for nothing, `slow` ones ask
and do not read the answer. One that the server ends is made anew. Until it is ended itself; the number of
connections made so far is in FILE."""
import argparse
import os
import select
import socket
import time


def connect(args):
    s = socket.create_connection((args.address, args.port), timeout=5)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if args.kind == "slow":
        s.sendall(f"GET {args.path} HTTP/1.1\r\nHost: {args.address}\r\n\r\n".encode())
    return s


def has_ended(s):
    """A slow reader looks only whether the connection is still there."""
    poll = select.poll()
    poll.register(s, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


def report(path, made):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(f"{made}\n")
    os.rename(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["idle", "slow"])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("file")
    parser.add_argument("--path", default="/v1/status")
    args = parser.parse_args()
    readers = [connect(args) for _ in range(args.count)]
    made = len(readers)
    while True:
        report(args.file, made)
        time.sleep(0.2)
        for i, s in enumerate(readers):
            if has_ended(s):
                s.close()
                readers[i] = connect(args)
                made += 1


main()
