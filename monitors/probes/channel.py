"""A connection to one address, plain or in TLS: what is sent, what is read, and never more than a cap of it.

TLS is spoken through memory, so that the chain a server sent can be looked at also when it was not trusted.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from socket import socket as Socket
from typing import Any, TypeVar

DER = 2  # _ssl.ENCODING_DER
READ_CAP = 65_536  # bytes kept of what a server says before anybody has used them
PIECE = 16_384

Value = TypeVar("Value")


class TooMuch(Exception):
    """A server sent more than anybody asked for."""


class Channel:
    """One connection. `held`: what was read and not used yet. Closed by `close`, whatever became of it."""

    def __init__(self, made: Socket) -> None:
        self.held = bytearray()
        self._socket = made
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    async def __aenter__(self) -> Channel:
        return self

    async def __aexit__(self, *about: object) -> None:
        self.close()

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What is known of the TLS in use; also of a handshake that failed."""
        return self._tls

    async def handshake(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. Raises ssl.SSLError, after which `tls` still knows the chain."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        await self._until_done(self._tls.do_handshake)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls is None:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
            return
        tls = self._tls
        await self._until_done(lambda: tls.write(data))

    async def more(self) -> bool:
        """Read what comes next into `held`; False when the server has ended. Raises TooMuch."""
        if len(self.held) >= READ_CAP:
            raise TooMuch
        if self._tls is None:
            data = await asyncio.get_running_loop().sock_recv(self._socket, PIECE)
        else:
            data = await self._read(self._tls)
        self.held += data
        return bool(data)

    async def take(self, count: int) -> bytes:
        """The next `count` bytes, fewer if the server ends before. Raises TooMuch."""
        while len(self.held) < count and await self.more():
            pass
        return self._cut(count)

    async def line(self) -> bytes:
        """The next line without its end; b"" when the server has ended. Raises TooMuch."""
        while b"\n" not in self.held and await self.more():
            pass
        return self._cut(self.held.find(b"\n") + 1 or len(self.held)).rstrip(b"\r\n")

    @property
    def socket(self) -> Socket:
        """The socket, for a library that goes on with it. It is still closed by `close`."""
        return self._socket

    def close(self) -> None:
        """End the connection at once."""
        self._socket.close()

    def _cut(self, count: int) -> bytes:
        piece = bytes(self.held[:count])
        del self.held[:count]
        return piece

    async def _read(self, tls: ssl.SSLObject) -> bytes:
        try:
            return await self._until_done(lambda: tls.read(PIECE))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def _until_done(self, step: Callable[[], Value]) -> Value:
        """Repeat a step of TLS until it has had from the server what it needs."""
        while True:
            try:
                value = step()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except ssl.SSLError:
                await self._farewell()
                raise
            else:
                await self._flush()
                return value

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await asyncio.get_running_loop().sock_sendall(self._socket, self._outgoing.read())

    async def _farewell(self) -> None:
        """Tell the server why we go; one that is gone already need not know."""
        try:
            await self._flush()
        except OSError:
            return

    async def _feed(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._socket, PIECE)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def chain_of(tls: Any, *, verified: bool) -> list[bytes]:
    """The certificates of a handshake in DER, the server's first: as they were sent, or as they were verified.

    Python 3.13 has methods of its own for it; before, they are those of the object inside.
    """
    held = getattr(tls, "_sslobj", tls)
    found = held.get_verified_chain() if verified else held.get_unverified_chain()
    return [one if isinstance(one, bytes) else one.public_bytes(DER) for one in found or ()]
