"""Typed readers of the environment, and of a `.env` file under it. Standard library only.

The bootstrap (`up.py`) imports this before anything is installed, so nothing else may be imported
here. Every read is remembered in `Env.known`, from which docs/settings.md is checked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off", "")


class SettingError(Exception):
    """A setting cannot be used. The message is one sentence for the operator, value included where it is no secret."""


@dataclass(frozen=True)
class Known:
    """One setting as the code reads it: what docs/settings.md must say."""

    name: str
    kind: str
    default: str


def parse_env_file(text: str) -> dict[str, str]:
    """Read `NAME=value` lines; `#` comments, blank lines, `export ` and one pair of quotes are allowed.

    Raises SettingError naming the line that is none of these.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name.isidentifier():
            raise SettingError(f".env line {number} is not NAME=value.")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found


def read_environment(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment with the folder's `.env` under it: what is really set wins.

    `WATCHBOOK_ENV_FILE` names another file; an empty value reads none, as tests do.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("WATCHBOOK_ENV_FILE")
    path = folder / ".env" if named is None else Path(named)
    if named == "" or not path.is_file():
        return dict(environ)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The settings file {path} cannot be read: {error}.") from error
    return {**parse_env_file(text), **environ}


@dataclass
class Env:
    """Readers over one mapping. Each raises SettingError with one sentence when the value is unusable."""

    values: Mapping[str, str]
    known: dict[str, Known] = field(default_factory=dict)

    def _note(self, name: str, kind: str, default: object) -> str:
        self.known[name] = Known(name, kind, "" if default is None else str(default))
        return self.values.get(name, "").strip()

    def text(self, name: str, default: str = "") -> str:
        """Return the text, or the default when unset or empty."""
        return self._note(name, "text", default) or default

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        """Return one of the options."""
        value = self._note(name, "one of " + ", ".join(options), default) or default
        if value not in options:
            raise SettingError(f"{name} must be one of {', '.join(options)}, not {value!r}.")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """Return a truth value, written 1/0, true/false, yes/no or on/off."""
        value = self._note(name, "yes or no", "yes" if default else "no").lower()
        if name not in self.values:
            return default
        if value not in TRUE + FALSE:
            raise SettingError(f"{name} must be yes or no, not {value!r}.")
        return value in TRUE

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """Return a whole number within [least, most]."""
        value = self._note(name, "whole number", default)
        try:
            number = int(value) if value else default
        except ValueError:
            raise SettingError(f"{name} must be a whole number, not {value!r}.") from None
        if not least <= number <= most:
            raise SettingError(f"{name} must be between {least} and {most}, not {number}.")
        return number

    def seconds(self, name: str, default: float, *, least: float = 0.0) -> float:
        """Return a number of seconds, fractions allowed."""
        value = self._note(name, "seconds", f"{default:g}")
        try:
            number = float(value) if value else default
        except ValueError:
            raise SettingError(f"{name} must be a number of seconds, not {value!r}.") from None
        if not least <= number < 1e9:
            raise SettingError(f"{name} must be at least {least:g} seconds, not {number:g}.")
        return number

    def per_second(self, name: str, default: float) -> float:
        """Return how many a second, fractions allowed; 0 for as many as come."""
        value = self._note(name, "number a second", f"{default:g}")
        try:
            number = float(value) if value else default
        except ValueError:
            raise SettingError(f"{name} must be a number, how many a second, not {value!r}.") from None
        if not (number == 0 or 0.01 <= number <= 1000):
            raise SettingError(f"{name} must be 0 for no limit, or 0.01 to 1000 a second, not {number:g}.")
        return number

    def seconds_list(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """Return numbers of seconds, written with commas between them."""
        value = self._note(name, "seconds, with commas", ",".join(f"{item:g}" for item in default))
        try:
            return tuple(float(item) for item in value.split(",")) if value else default
        except ValueError:
            raise SettingError(f"{name} must be numbers of seconds with commas between, not {value!r}.") from None

    def windows(self, name: str, default: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        """Return limits, each at most so many in so many seconds, written `3/900,7/3600`; `none` for no limit."""
        value = self._note(name, "counts per seconds, with commas", ",".join(f"{most}/{s}" for most, s in default))
        if value == "none":
            return ()
        pairs = tuple(item.strip().partition("/")[::2] for item in value.split(",")) if value else ()
        if not all(part.isascii() and part.isdigit() and int(part) for pair in pairs for part in pair):
            raise SettingError(
                f"{name} must be limits such as 3/900,7/3600 (so many in so many seconds), not {value!r}."
            )
        return tuple((int(most), int(within)) for most, within in pairs) or default

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the parts of a list written with commas."""
        value = self._note(name, "words, with commas", ",".join(default))
        return tuple(word.strip() for word in value.split(",") if word.strip()) or default

    def path(self, name: str, default: Path, *, shown: str) -> Path:
        """Return an absolute path; `shown` is how the documentation writes the default."""
        value = self._note(name, "folder", shown)
        return Path(value).expanduser().resolve() if value else default

    def web_address(self, name: str, default: str) -> str:
        """Return an http(s) address without a trailing slash, query or fragment."""
        value = (self._note(name, "web address", default) or default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise SettingError(f"{name} must be a web address such as https://watch.example.com, not {value!r}.")
        return value

    def mailbox(self, name: str, *, room: int) -> str:
        """Return an e-mail address whose part before the @ has at most `room` characters; "" when unset."""
        value = self._note(name, "e-mail address", "")
        box, at, domain = value.partition("@")
        if value and not (
            at and domain and "@" not in domain and 0 < len(box) <= room and not re.search(r"[\s<>,;]", value)
        ):
            raise SettingError(
                f"{name} must be an address such as bounce@example.com, with at most {room} characters before the @."
            )
        return value

    def secret(self, name: str) -> str:
        """Return a secret from NAME, or from the file that NAME_FILE names; "" when neither is set.

        The value never appears in an error.
        """
        value = self._note(name, "secret", "")
        named = self._note(f"{name}_FILE", "file", "")
        if value and named:
            raise SettingError(f"Set {name} or {name}_FILE, not both.")
        if not named:
            return value
        try:
            return Path(named).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SettingError(f"{name}_FILE names {named}, which cannot be read: {reason}.") from error

    def secret_address(self, name: str) -> str:
        """Return a secret that is an http(s) address; "" when it is not set. The value never appears in an error."""
        value = self.secret(name)
        try:
            parts = urlsplit(value)
            readable = not value or (
                parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
            )
        except ValueError:
            readable = False
        if not readable:
            raise SettingError(f"{name} must be a web address such as https://hc.example.com/ping/….")
        return value
