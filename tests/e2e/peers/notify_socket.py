#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""systemd's end of sd_notify(3): prints what comes to the socket PATH, a line for each variable."""

import os
import socket
import sys

path = sys.argv[1]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind(path)
    os.chmod(path, 0o666)
    while True:
        print(s.recv(65536).decode(errors="replace"), flush=True)
