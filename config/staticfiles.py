"""Static files with a hash in every name."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's hashed storage, compressed by gzip only.

    Brotli at its best level takes half a minute for the API documentation's scripts, which is the
    better part of a first start. A reference that an installed package cannot keep, such as a missing
    source map, is no reason to refuse to start: it keeps its plain name.
    """

    manifest_strict = False

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Return WhiteNoise's compressor without Brotli."""
        return Compressor(**{**kwargs, "use_brotli": False})
