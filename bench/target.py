"""A web server for checks to call: answers 200 and 64 bytes to everything, one process, asyncio.

Run by benches as `python -m bench.target`; it prints its port and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" + b"x" * 64


class Answer(asyncio.Protocol):
    """One connection: whatever is asked, the same answer, and the connection is closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n") and isinstance(self.transport, asyncio.Transport):
            self.transport.write(ANSWER)
            self.transport.close()


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answer, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
