#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Connections that stay, with a request on one of them whenever somebody says so.

talk.py ADDRESS PORT SOURCE...: opens a connection from each source address and prints a line for
each, which is the body of the first answer: a node's name. Then a line "N" on standard input makes a
request on connection N, from 0, and prints the answer, or "reset", "closed" or "silence".
"""
import socket
import sys


def answer(connection, address):
    host = f"[{address}]" if ":" in address else address
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    text = b""
    while not text.endswith(b"\n") or b"\r\n\r\n" not in text or text.endswith(b"\r\n\r\n"):
        more = connection.recv(65536)
        if not more:
            return "closed"
        text += more
    return text.split(b"\r\n\r\n", 1)[1].decode().strip()


def ask(connection, address):
    try:
        return answer(connection, address)
    except (ConnectionResetError, BrokenPipeError):
        return "reset"
    except socket.timeout:
        return "silence"


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    connections = []
    for source in sys.argv[3:]:
        connections.append(socket.create_connection((address, port), 5, (source, 0)))
        print(ask(connections[-1], address), flush=True)
    for line in sys.stdin:
        print(ask(connections[int(line)], address), flush=True)


if __name__ == "__main__":
    main()
