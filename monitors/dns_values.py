"""Values of DNS records in one form, so that what was written down and what was answered can be compared.

Pure, standard library only.
"""

from __future__ import annotations

import ipaddress
import re

RECORDS = ("A", "AAAA", "CNAME", "MX", "TXT", "NS", "CAA")
ANY, EQUALS, CONTAINS = "any", "equals", "contains"
MATCHES: dict[str, str] = {
    ANY: "Any value will do",
    EQUALS: "Exactly these values",
    CONTAINS: "At least these values",
}
CAA_FORM = re.compile(r'^(\d{1,3})\s+([a-z0-9]+)\s+"?([^"]*)"?$', re.IGNORECASE)


def normal(record: str, text: str) -> str:
    """A value of a record in the form in which it is kept. Raises ValueError with a sentence.

    Names are lower case without the last dot, addresses as their own library writes them, texts as they are.
    """
    value = text.strip()
    if record in ("A", "AAAA"):
        return _address(record, value)
    if record == "MX":
        preference, _, host = value.partition(" ")
        if not preference.isdigit() or not host.strip():
            raise ValueError(f"Write the value of an MX record as 10 mail.example.com. You wrote {value[:80]}.")
        return f"{int(preference)} {_name(host)}"
    if record == "CAA":
        match = CAA_FORM.match(value)
        if match is None:
            raise ValueError(f'Write the value of a CAA record as 0 issue "ca.example.com". You wrote {value[:80]}.')
        return f'{int(match[1])} {match[2].lower()} "{match[3].strip()}"'
    return value if record == "TXT" else _name(value)


def holds(found: tuple[str, ...], expected: tuple[str, ...], match: str) -> bool:
    """Whether the values found are those that were expected."""
    if match == EQUALS:
        return set(found) == set(expected)
    if match == CONTAINS:
        return set(expected) <= set(found)
    return bool(found)


def _address(record: str, value: str) -> str:
    wanted = 4 if record == "A" else 6
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(f"{value[:80]} is not an IPv{wanted} address.") from None
    if address.version != wanted:
        raise ValueError(f"{value[:80]} is not an IPv{wanted} address, which is what {record} records hold.")
    return str(address)


def _name(text: str) -> str:
    return text.strip().lower().rstrip(".") or "."
