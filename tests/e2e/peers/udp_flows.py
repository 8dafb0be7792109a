#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Sends datagrams on many UDP flows and reports who answered.

udp_flows.py [--seen ADDRESS] TARGET PORT DATAGRAMS SIZE SOURCE...: a line for each flow, which is one of the source
addresses: the address, the number of datagrams answered, then the names of the nodes that
answered, each once. An answer tells where the node saw the datagram come from, which is to be the
source, or ADDRESS.
"""
import socket
import sys


def flow(source, expected, target, port, datagrams, size):
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    # Connected: an answer from any other address than the one asked does not count.
    sock.connect((target, port))
    sock.settimeout(2)
    answered, nodes = 0, []
    for number in range(datagrams):
        said = f"datagram-{number}-".ljust(size, "x")
        sock.send(said.encode())
        try:
            name, seen, echoed = sock.recv(65536).decode().split()
        except (socket.timeout, ConnectionRefusedError):
            continue
        if echoed == said and seen == expected:
            answered += 1
        if name not in nodes:
            nodes.append(name)
    print(source, answered, *nodes, flush=True)


def main():
    args, seen = sys.argv[1:], None
    if args[0] == "--seen":
        seen, args = args[1], args[2:]
    port, datagrams, size = (int(arg) for arg in args[1:4])
    for source in args[4:]:
        flow(source, seen or source, args[0], port, datagrams, size)


if __name__ == "__main__":
    main()
