"""Reading the addresses of people, each kind in its one spelling: e-mail in lower case, phone numbers in E.164."""

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.egress.urls import BadUrl, read_url


class AddressRefused(ValueError):
    """The text is no address of its kind; the message quotes it and shows one that would do."""


def read_email(text: str) -> str:
    """The address in lower case. Raises AddressRefused."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise AddressRefused(f"Write an address such as ana@example.com. You wrote {_short(text)}.") from error
    return address


def read_phone(text: str) -> str:
    """The number in E.164, `+447700900123`. Raises AddressRefused for one without country code or of no plan."""
    try:
        number = phonenumbers.parse(text.strip(), None)
    except phonenumbers.NumberParseException as error:
        raise AddressRefused(
            f"Write the number with its country code, as in +44 7700 900123. You wrote {_short(text)}."
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise AddressRefused(f"No number of that country has this length. You wrote {_short(text)}.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_web_address(text: str) -> str:
    """An address that can be called. Whether it may be is asked at each call. Raises AddressRefused."""
    try:
        return read_url(text)
    except BadUrl as error:
        raise AddressRefused(str(error)) from error


def read_routing_key(text: str) -> str:
    """An integration key of PagerDuty. Raises AddressRefused, without quoting what may be one with a letter too few."""
    key = text.strip()
    if not re.fullmatch(r"[0-9A-Za-z]{32}", key):
        raise AddressRefused("Write the integration key of an Events API v2 integration: 32 letters and digits.")
    return key


def read_member(text: str) -> str:
    """The id of a member or a channel of Slack, in capitals. Raises AddressRefused."""
    member = text.strip().upper()
    if not re.fullmatch(r"[UWCG][A-Z0-9]{7,20}", member):
        raise AddressRefused(
            f"Write the id of a member or channel of Slack, such as U024BE7LH. You wrote {_short(text)}."
        )
    return member


def _short(text: str) -> str:
    return text.strip()[:60] or "nothing"
