#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Data that is answered only when the asker has closed its half.

half_close.py serve PORT: sends back what it was sent, once the other side has said that this is all.
half_close.py ask ADDRESS PORT SOURCE: sends standard input, closes its half, prints the answer.
"""
import socket
import sys


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def serve(port):
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(read_all(connection))
                except ConnectionResetError:
                    pass


def ask(address, port, source):
    with socket.create_connection((address, port), 5, (source, 0)) as connection:
        connection.sendall(sys.stdin.buffer.read())
        connection.shutdown(socket.SHUT_WR)
        sys.stdout.buffer.write(read_all(connection))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        ask(sys.argv[2], int(sys.argv[3]), sys.argv[4])
