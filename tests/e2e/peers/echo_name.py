#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Answers whoever asks, over UDP and TCP, with a name, the asker's address and what it said.

Bound to one address, so that answers have it as their source: a node bound to the VIP answers as
the VIP, which is what direct server return asks of a UDP server.
"""
import selectors
import socket
import sys


def bound(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


def main():
    name, addresses, port = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
    selector = selectors.DefaultSelector()
    for address in addresses:
        selector.register(bound(socket.SOCK_DGRAM, address, port), selectors.EVENT_READ, "udp")
    # Health checks ask the node's own address, by TCP.
    for any_address in ("0.0.0.0", "::"):
        if any_address == "::":
            listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((any_address, port))
        else:
            listener = bound(socket.SOCK_STREAM, any_address, port)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ, "tcp")
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data == "udp":
                said, who = key.fileobj.recvfrom(65536)
                answer = f"{name} {who[0]} {said.decode()}".encode()
                key.fileobj.sendto(answer, who)
            else:
                connection, who = key.fileobj.accept()
                connection.sendall(f"{name} {who[0]}\n".encode())
                connection.close()


if __name__ == "__main__":
    main()
