#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""vmlinux.py BZIMAGE OUT: the kernel in a bzImage, unpacked; qemu boots that by PVH."""
import subprocess
import sys

PACKERS = {
    b"\x28\xb5\x2f\xfd": ["zstd", "-dc"],
    b"\xfd7zXZ\0": ["xz", "-dc", "--single-stream"],
}


def places(data, magic):
    at = data.find(magic)
    while at >= 0:
        yield at
        at = data.find(magic, at + 1)


def unpack(data):
    """What follows the packed kernel makes the unpacker complain: its output counts."""
    for magic, command in PACKERS.items():
        for at in places(data, magic):
            out = subprocess.run(command, input=data[at:], capture_output=True, check=False).stdout
            if out.startswith(b"\x7fELF"):
                return out
    sys.exit(f"{sys.argv[1]}: no kernel found in it")


with open(sys.argv[1], "rb") as bzimage, open(sys.argv[2], "wb") as out:
    out.write(unpack(bzimage.read()))
