#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Downloads that go on, and requests at a rate, until SIGTERM; counts what fails.

Downloads are slow on purpose: each takes --seconds for its --bytes, read from --path as fast as that
needs, and is begun anew when it is done. Every byte is compared with --file. Requests ask for "/",
each on a connection of its own, --rate a second spread evenly; a late one is made nevertheless.

REPORT.ready has one line of JSON with the numbers so far, renewed each half second; REPORT the last
one. "longest_pause_ms" is the longest time that a download had to wait for its next byte, beyond
what it slept itself.
"""
import argparse
import asyncio
import json
import os
import resource
import signal
import struct
import socket
import sys
import time

READ_TIMEOUT = 20
CHUNK = 4096
IP_BIND_ADDRESS_NO_PORT = 24


class Counters:
    def __init__(self):
        self.downloads_open = 0
        self.downloads_done = 0
        self.downloads_broken = 0
        self.requests = 0
        self.requests_failed = 0
        self.longest_pause_ms = 0
        self.errors = {}

    def error(self, what):
        self.errors[what] = self.errors.get(what, 0) + 1


def describe(error):
    return str(error) or type(error).__name__


def reset_at_close(writer):
    """No TIME_WAIT: ports of the client are for the next one."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def open_from(args, source):
    sock = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    sock.setblocking(False)
    # what is on its way does not hide a pause
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
    sock.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    try:
        sock.bind((source, 0))
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(
            sock, (args.address, args.port)), READ_TIMEOUT)
        return await asyncio.open_connection(sock=sock, limit=CHUNK)
    except BaseException:
        sock.close()
        raise


async def download(args, counters, source, wanted):
    reader, writer = await open_from(args, source)
    try:
        writer.write(f"GET {args.path} HTTP/1.0\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), READ_TIMEOUT)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise OSError(head.split(b"\r\n")[0].decode())
        at, begun = 0, time.monotonic()
        while at < len(wanted):
            before = time.monotonic()
            data = await asyncio.wait_for(reader.read(CHUNK), READ_TIMEOUT)
            pause = (time.monotonic() - before) * 1000
            counters.longest_pause_ms = max(counters.longest_pause_ms, round(pause))
            if not data:
                raise OSError(f"ended after {at} bytes")
            if data != wanted[at:at + len(data)]:
                raise OSError("other bytes than the file's")
            at += len(data)
            ahead = begun + args.seconds * at / len(wanted) - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
        counters.downloads_done += 1
    finally:
        reset_at_close(writer)
        writer.close()


async def keep_downloading(args, counters, source, wanted, stopping):
    # spread their beginnings
    await asyncio.sleep(hash((source, id(wanted), time.monotonic_ns())) % 1000 / 500)
    while not stopping.is_set():
        counters.downloads_open += 1
        try:
            await download(args, counters, source, wanted)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            if not stopping.is_set():
                counters.downloads_broken += 1
                counters.error("download: " + describe(error))
        finally:
            counters.downloads_open -= 1


async def request(args, counters, source):
    counters.requests += 1
    writer = None
    try:
        reader, writer = await open_from(args, source)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(-1), READ_TIMEOUT)
        if b" 200 " not in answer.split(b"\r\n")[0]:
            raise OSError("answer: " + answer.split(b"\r\n")[0].decode(errors="replace"))
    except (OSError, asyncio.TimeoutError) as error:
        counters.requests_failed += 1
        counters.error("request: " + describe(error))
    finally:
        if writer:
            reset_at_close(writer)
            writer.close()


async def keep_requesting(args, counters, stopping):
    running, begun, n = set(), time.monotonic(), 0
    while not stopping.is_set():
        due = int((time.monotonic() - begun) * args.rate)
        while n < due and len(running) < args.at_once:
            task = asyncio.create_task(
                request(args, counters, args.source[n % len(args.source)]))
            running.add(task)
            task.add_done_callback(running.discard)
            n += 1
        await asyncio.sleep(0.005)
    if running:
        await asyncio.wait(running, timeout=READ_TIMEOUT)


def write_whole(path, counters):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(json.dumps(vars(counters)) + "\n")
    os.rename(path + ".new", path)


async def report(args, counters, stopping):
    while not stopping.is_set():
        write_whole(args.report + ".ready", counters)
        await asyncio.sleep(0.5)


async def run(args):
    counters, stopping = Counters(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    with open(args.file, "rb") as file:
        wanted = file.read()
    tasks = [asyncio.create_task(report(args, counters, stopping))]
    for i in range(args.downloads):
        tasks.append(asyncio.create_task(keep_downloading(
            args, counters, args.source[i % len(args.source)], wanted, stopping)))
    if args.rate:
        await keep_requesting(args, counters, stopping)
    await stopping.wait()
    write_whole(args.report, counters)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", action="append", required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--file", required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--downloads", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2000)
    parser.add_argument("--report", required=True)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
