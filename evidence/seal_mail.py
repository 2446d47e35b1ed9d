"""The words of the mail that carries a seal to an outsider. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.seal_text import read

KEEP = "Please keep this mail. Nobody at the sender can change or take back what you hold."
FIRST = """\
This is the first seal you get that this key signs. Note its fingerprint: it tells a later forgery from the real thing.

  {key}

The same fingerprint stands on the sign-in page of {url} and in every seal. The public key is attached.
"""
CHECK = """\
To check: save the attachments, and with the public key beside them

  openssl dgst -sha256 -verify public_key.pem -signature {day}.sig {day}.seal
  openssl pkey -pubin -in public_key.pem -outform DER | sha256sum

The first command says Verified OK, the second prints the fingerprint above on the line that begins with key.
"""


@dataclass(frozen=True)
class Told:
    """Subject and body of one mail, plain text."""

    subject: str
    body: str


def write(text: str, signature: str, *, to: str, url: str, first: bool) -> Told:
    """The mail about one seal. text: of the seal; signature: base64; first: the reader has none from us yet."""
    said = read(text)
    house = said.get("organisation", "").partition(" ")[2] or "Watchbook"
    demo = " (made-up data)" if said.get("demo") == "yes" else ""
    parts = [
        f"{to},",
        f"this is the seal of {said['day']} over the record that {house}{demo} keeps at {url}. {KEEP}",
        *([FIRST.format(key=said["key"], url=url).rstrip()] if first else []),
        text.rstrip(),
        f"signature {signature}",
        CHECK.format(day=said["day"]).rstrip(),
    ]
    return Told(f"Seal of {said['day']}, {house}{demo}", "\n\n".join(parts) + "\n")
