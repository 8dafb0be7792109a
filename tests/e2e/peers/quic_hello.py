#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Begins a QUIC connection (RFC 9000, 9001, 9369) and leaves it at that: Initials with a ClientHello that
asks for NAME, whole or in as many datagrams as --pieces says, the last one first."""
import argparse
import hashlib
import hmac
import os
import socket

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSIONS = {
    1: (0x00000001, 0xc0, "quic", "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    2: (0x6b3343cf, 0xd0, "quicv2", "0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
DATAGRAM = 1200
TAG = 16
NUMBER = 4  # bytes


def hello(name):
    host = name.encode()
    entry = b"\0" + len(host).to_bytes(2, "big") + host
    names = len(entry).to_bytes(2, "big") + entry
    extensions = b"\0\0" + len(names).to_bytes(2, "big") + names
    body = (b"\x03\x03" + os.urandom(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
            + len(extensions).to_bytes(2, "big") + extensions)
    return b"\x01" + len(body).to_bytes(3, "big") + body


def expand(secret, label, length):
    label = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]


def two_bytes(number):
    return (0x4000 | number).to_bytes(2, "big")


def initial(version, connection, number, plain):
    wire, first, label, salt = VERSIONS[version]
    secret = hmac.new(bytes.fromhex(salt), connection, hashlib.sha256).digest()
    secret = expand(secret, "client in", 32)
    key, iv, hp = (expand(secret, f"{label} {what}", size)
                   for what, size in (("key", 16), ("iv", 12), ("hp", 16)))
    head = (bytes([first | NUMBER - 1]) + wire.to_bytes(4, "big")
            + bytes([len(connection)]) + connection + b"\0\0")
    plain = plain.ljust(DATAGRAM - len(head) - 2 - NUMBER - TAG, b"\0")
    head += two_bytes(NUMBER + len(plain) + TAG) + number.to_bytes(NUMBER, "big")
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, plain, head)
    ecb = Cipher(algorithms.AES(hp), modes.ECB()).encryptor()
    mask = ecb.update(sealed[:16])
    head = bytearray(head)
    head[0] ^= mask[0] & 0x0f
    for i in range(NUMBER):
        head[-NUMBER + i] ^= mask[1 + i]
    return bytes(head) + sealed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("name")
    parser.add_argument("--pieces", type=int, default=1)
    parser.add_argument("--version", type=int, choices=VERSIONS, default=1)
    args = parser.parse_args()
    family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
    message = hello(args.name)
    connection = os.urandom(8)
    size = -(-len(message) // args.pieces)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((args.source, 0))
        for i in reversed(range(args.pieces)):
            part = message[i * size:(i + 1) * size]
            frame = b"\x06" + two_bytes(i * size) + two_bytes(len(part)) + part
            s.sendto(initial(args.version, connection, i, frame), (args.address, args.port))


main()
