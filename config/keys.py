"""The installation's own keys: one file each under DATA_DIR/secrets, made once, readable by the owner only.

Standard library only: the bootstrap makes them before anything is installed.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

from config.env import Env, SettingError

NAMES = ("secret_key", "encryption_keys", "fingerprint_key", "signing_key", "seal_key")


def _fresh(name: str) -> str:
    """Return a new value: 256 random bits, and for encryption an id so that keys can be rotated."""
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    return f"k1:{value}" if name == "encryption_keys" else value


def ensure_keys(data_dir: Path) -> list[str]:
    """Make the keys that are missing and return their names. Raises SettingError if the folder refuses.

    The file is created with mode 0600 and O_EXCL, so two processes starting together agree on one key.
    """
    folder = data_dir / "secrets"
    made = []
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in NAMES:
            path = folder / name
            if path.exists():
                continue
            draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(_fresh(name) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                # link, not rename: the first writer wins, and nobody ever reads half a key
                os.link(draft, path)
                made.append(name)
            except FileExistsError:
                continue
            finally:
                draft.unlink()
    except OSError as error:
        raise SettingError(f"The keys cannot be written to {folder}: {error.strerror}.") from error
    return made


def read_key(env: Env, data_dir: Path, name: str) -> str:
    """Return the key from its variable (or `_FILE`), else from DATA_DIR/secrets; "" when there is none."""
    value = env.secret(name.upper())
    path = data_dir / "secrets" / name
    if value or not path.exists():
        return value
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The key file {path} cannot be read by this user.") from error


def require_key(env: Env, data_dir: Path, name: str, *, may_make: bool) -> str:
    """Return the key, making all missing ones if this installation keeps its keys itself.

    With several machines on one database a key made on each of them would differ, so there the
    operator must hand it out: SettingError says which.
    """
    value = read_key(env, data_dir, name)
    if not value and may_make:
        ensure_keys(data_dir)
        value = read_key(env, data_dir, name)
    if not value:
        raise SettingError(
            f"{name.upper()} is not set. With DATABASE_URL every process needs the same keys: set it, or "
            f"{name.upper()}_FILE, or copy {data_dir / 'secrets'} from the machine that ran `python3 up.py` first."
        )
    return value


def as_bytes(name: str, value: str) -> bytes:
    """Decode a base64 key of 32 bytes. The error names the setting, never the value."""
    try:
        raw = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 32:
        raise SettingError(f"{name.upper()} must be 32 bytes in base64.")
    return raw


def as_key_ring(name: str, value: str) -> list[tuple[str, bytes]]:
    """Decode `id:base64,id:base64`: the first encrypts, all decrypt."""
    ring = []
    for part in value.replace("\n", ",").split(","):
        key_id, colon, body = part.strip().partition(":")
        if not part.strip():
            continue
        if not colon or not key_id.isalnum():
            raise SettingError(f"{name.upper()} must be written id:key,id:key with the key in base64.")
        ring.append((key_id, as_bytes(name, body)))
    if not ring:
        raise SettingError(f"{name.upper()} holds no key.")
    return ring
