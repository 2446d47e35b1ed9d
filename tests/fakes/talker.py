"""A server on a free port that does with each connection what a test says, in a thread of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


class Talker:
    """Listens until `stop`. talk(connection): what is done with each; errors of a client that leaves are no news."""

    def __init__(self, talk: Callable[[socket.socket], None], *, host: str = "127.0.0.1") -> None:
        self._talk = talk
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self.seen = 0
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.seen += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._talk(connection)


@contextlib.contextmanager
def talking(talk: Callable[[socket.socket], None], *, host: str = "127.0.0.1") -> Iterator[Talker]:
    """A server for as long as the block lasts."""
    talker = Talker(talk, host=host)
    try:
        yield talker
    finally:
        talker.stop()


def hang(connection: socket.socket) -> None:
    """Take whatever comes and never say a word, until the client goes."""
    while connection.recv(4096):
        pass
