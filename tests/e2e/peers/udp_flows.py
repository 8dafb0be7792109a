#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Sends datagrams on many UDP flows and reports who answered: "SOURCE PORT NODE... LOST".

A line for each flow: source address, number of datagrams answered, then the names of the nodes
that answered, each once.
"""
import socket
import sys


def flow(source, target, port, datagrams):
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    # Connected: an answer from any other address than the one asked does not count.
    sock.connect((target, port))
    sock.settimeout(2)
    answered, nodes = 0, []
    for number in range(datagrams):
        said = f"datagram-{number}"
        sock.send(said.encode())
        try:
            name, seen, echoed = sock.recv(2048).decode().split()
        except (socket.timeout, ConnectionRefusedError):
            continue
        if echoed == said and seen == source:
            answered += 1
        if name not in nodes:
            nodes.append(name)
    print(source, answered, *nodes, flush=True)


def main():
    target, port, datagrams = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for source in sys.argv[4:]:
        flow(source, target, port, datagrams)


if __name__ == "__main__":
    main()
