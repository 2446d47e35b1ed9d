"""The server that the demo watches: every host of `.localhost` on one port. Standard library only, a process of its own.

Answers after a time that depends on the address, as real services do. For the first minutes after its start the label
service answers 503, so that there is something to see.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import time
import zlib

from config import lifeline

PORT = 8765
BROKEN, BROKEN_FOR_S = "/labels/health", 20 * 60
LONGEST_REQUEST = 16_384


def pause_of(path: str) -> float:
    """Seconds before the answer to a path: 15 to 180 ms of its own, and a little chance."""
    own = 0.015 + zlib.crc32(path.encode()) % 1000 / 1000 * 0.165
    return own * random.uniform(0.85, 1.25)  # noqa: S311 - no secret


def answer_to(path: str, age_s: float) -> bytes:
    """The whole answer to a path, `age_s` seconds after the start."""
    broken = path == BROKEN and age_s < BROKEN_FOR_S
    status, words = ("503 Service Unavailable", "printers do not answer") if broken else ("200 OK", "all is well")
    body = f"{words}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def body_of(head: bytes) -> int:
    """How many bytes follow the head of a request, at most LONGEST_REQUEST."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return min(int(value), LONGEST_REQUEST)
    return 0


async def serve() -> None:
    """Serve on the loopback addresses until stopped."""
    began = time.monotonic()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            path = request.split(b" ", 2)[1].decode("ascii", "replace")
            # a webhook's body is taken before it is answered, or its sender would see a connection cut off
            await asyncio.wait_for(reader.readexactly(body_of(request)), 10)
            await asyncio.sleep(pause_of(path))
            writer.write(answer_to(path, time.monotonic() - began))
            await writer.drain()
        except (OSError, IndexError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # a client that hangs up or speaks nonsense gets no answer
        finally:
            writer.close()

    hosts = ["127.0.0.1", *(["::1"] if speaks_v6() else [])]
    server = await asyncio.start_server(one, hosts, PORT, limit=LONGEST_REQUEST, backlog=1024)
    async with server:
        await server.serve_forever()


def speaks_v6() -> bool:
    """Whether this machine has the other loopback address too."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def main() -> int:
    """Serve; a port that is taken is one sentence."""
    lifeline.hold()
    try:
        asyncio.run(serve())
    except OSError as error:
        sys.stderr.write(f"The demo's target cannot open port {PORT} ({os.strerror(error.errno or 0)}).\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
