#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Clients that are not as curl is.

bytes ADDRESS PORT HOST COUNT   COUNT requests on one connection, one byte in a segment
odd ADDRESS PORT                requests that are meant to break a log or its reader
hello ADDRESS PORT NAME SIZE    a TLS handshake's first message, SIZE bytes in a segment
"""
import socket
import ssl
import sys


def connect(address, port):
    s = socket.create_connection((address, int(port)), 10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def send_in_pieces(s, data, size):
    for at in range(0, len(data), size):
        s.sendall(data[at:at + size])


def read_answer(s):
    """One answer with a Content-Length, to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            raise EOFError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += s.recv(65536)


def by_the_byte(address, port, host, count):
    s = connect(address, port)
    for i in range(int(count)):
        send_in_pieces(s, f"GET /byte/{i} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), 1)
        read_answer(s)


ODD = [
    b"GET /newline\r\nrelay web4, forged HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Log: x] GET, [forged.example/\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Log: \x1b[31mred\x07\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Log: \xff\xfe\xc3(\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \"quoted\\\r\n\r\n",
    b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\x00nul HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    b"GET /" + b"l" * 6000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: " + b"h" * 5000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Log: " + b"[" * 7000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X-Log: y\r\n" * 500 + b"\r\n",
    b"GET /" + b"x" * 100000,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n" * 5000,
    bytes(range(256)) * 8,
]


def odd(address, port):
    for request in ODD:
        s = connect(address, port)
        try:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except OSError:
            pass
        s.close()
    print(len(ODD))


def hello(address, port, name, size):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    s = connect(address, port)
    send_in_pieces(s, outgoing.read(), int(size))
    s.recv(1)


if __name__ == "__main__":
    {"bytes": by_the_byte, "odd": odd, "hello": hello}[sys.argv[1]](*sys.argv[2:])
