"""Static files with a hash in every name, ES-module imports of our own files included."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's hashed and compressed storage.

    Missing source maps of installed packages are no reason to refuse to start, so a reference that
    cannot be found keeps its plain name.
    """

    manifest_strict = False
