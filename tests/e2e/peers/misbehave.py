#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Servers that are not what a check hopes for: ADDRESS MODE:PORT...

silent    accepts, and says nothing
banner    says "220 ready", and holds the connection
garbage   sends bytes that are no protocol, and closes
half      closes its own direction at once, and goes on reading
reset     resets the connection
stream    sends for ever
echo      sends back what comes
udp-*     the same for datagrams: silent, garbage, and echo, whose answers are no answers
"""
import random
import selectors
import socket
import struct
import sys
import threading

GARBAGE = random.Random(1).randbytes(4096)


def stream_for_ever(conn):
    while True:
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 65536)


def echo(conn):
    while data := conn.recv(4096):
        conn.sendall(data)


def read_all(conn):
    while conn.recv(4096):
        pass


def banner(conn):
    conn.sendall(b"220 ready\r\n")
    read_all(conn)


def half(conn):
    conn.shutdown(socket.SHUT_WR)
    read_all(conn)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


TCP = {"silent": read_all, "banner": banner, "garbage": lambda conn: conn.sendall(GARBAGE),
       "half": half, "reset": reset, "stream": stream_for_ever, "echo": echo}


def talk(conn, speak):
    try:
        speak(conn)
    except OSError:
        pass
    conn.close()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp_server(address, mode, port):
    server = socket.create_server((address, port), family=family(address), backlog=128)

    def ready():
        conn, _ = server.accept()
        threading.Thread(target=talk, args=(conn, TCP[mode]), daemon=True).start()
    return server, ready


def udp_server(address, mode, port):
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, port))

    def ready():
        data, peer = server.recvfrom(4096)
        if mode == "udp-garbage":
            # With the id and the flag of an answer: it has to be read to be thrown away.
            server.sendto(data[:2] + b"\x80\x00" + GARBAGE[4:512], peer)
        elif mode == "udp-echo":
            server.sendto(data, peer)
    return server, ready


def main():
    selector = selectors.DefaultSelector()
    for server in sys.argv[2:]:
        mode, port = server.split(":")
        open_server = udp_server if mode.startswith("udp-") else tcp_server
        sock, ready = open_server(sys.argv[1], mode, int(port))
        selector.register(sock, selectors.EVENT_READ, ready)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            key.data()


if __name__ == "__main__":
    sys.exit(main())
