"""Reading the addresses of people: e-mail in lower case, phone numbers in E.164."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models.contacts import EMAIL, PHONE, VOICE


class AddressRefused(ValueError):
    """The text is no address of its kind; the message quotes it and shows one that would do."""


def read_address(kind: str, text: str) -> str:
    """The one spelling of an e-mail address or phone number. Raises AddressRefused."""
    readers = {EMAIL: read_email, PHONE: read_phone, VOICE: read_phone}
    return readers[kind](text)


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


def _short(text: str) -> str:
    return text.strip()[:60] or "nothing"
