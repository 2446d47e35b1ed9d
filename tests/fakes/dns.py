"""A small DNS server over UDP and TCP on a free port, whose answers a test writes down.

`with FakeDns() as dns: dns.say("shop.example", "A", "192.0.2.1")`. What nobody said exists does not exist.
"""

from __future__ import annotations

import socket
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class FakeDns:
    """The server. `asked`: (name, type, transport) of every question, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.truncate = False
        self.silent = False
        self._records: dict[tuple[str, str], list[str]] = {}
        self._rcodes: dict[str, int] = {}
        self._udp, self._tcp = _pair()
        self.port: int = self._udp.getsockname()[1]

    def say(self, name: str, record: str, *values: str) -> None:
        """From now on these are the values, none: the name is there without such a record."""
        self._records[(name, record)] = list(values)

    def fail(self, name: str, rcode: str) -> None:
        """From now on every question about the name ends with this code."""
        self._rcodes[name] = dns.rcode.from_text(rcode)

    def __enter__(self) -> FakeDns:
        for run in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=run, daemon=True).start()
        return self

    def __exit__(self, *about: object) -> None:
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                data, peer = self._udp.recvfrom(4096)
                if not self.silent:
                    self._udp.sendto(self._answer(data, "udp"), peer)
            except OSError:
                return

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
                with connection:
                    length = struct.unpack("!H", connection.recv(2))[0]
                    answer = self._answer(connection.recv(length), "tcp")
                    connection.sendall(struct.pack("!H", len(answer)) + answer)
            except OSError:
                return

    def _answer(self, data: bytes, transport: str) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, record = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, record, transport))
        response = dns.message.make_response(query)
        if name in self._rcodes:
            response.set_rcode(self._rcodes[name])
        elif not any(name == known for known, _ in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.truncate and transport == "udp":
            response.flags |= dns.flags.TC
        else:
            self._fill(response, question.name.to_text(), name, record)
        return response.to_wire()

    def _fill(self, response: dns.message.Message, full: str, name: str, record: str) -> None:
        alias = self._records.get((name, "CNAME"))
        if alias and record != "CNAME":
            response.answer.append(dns.rrset.from_text(full, 60, "IN", "CNAME", alias[0]))
            full, name = alias[0], alias[0].rstrip(".")
        values = self._records.get((name, record))
        if values:
            response.answer.append(dns.rrset.from_text(full, 60, "IN", record, *values))


def _pair() -> tuple[socket.socket, socket.socket]:
    """A port that is free for both transports."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
