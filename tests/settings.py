"""Settings of the test runs: the real ones, in a folder of their own and blind to the developer's `.env`.

DATABASE_URL and REDIS_URL are honoured, so that the same suite runs on PostgreSQL and Redis.
"""

import atexit
import base64
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="watchbook-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["WATCHBOOK_ENV_FILE"] = ""
os.environ["DATA_DIR"] = _folder
for _name, _byte in (("FINGERPRINT_KEY", b"f"), ("SIGNING_KEY", b"s"), ("SECRET_KEY", b"d"), ("SEAL_KEY", b"l")):
    os.environ[_name] = base64.b64encode(_byte * 32).decode()
os.environ["ENCRYPTION_KEYS"] = "k1:" + base64.b64encode(b"e" * 32).decode()
os.environ["LOG_FORMAT"] = "console"
os.environ["LOG_LEVEL"] = "warning"

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATA_DIR, DATABASES, EMBEDDED, REDIS_URL, STORAGES  # noqa: E402

if EMBEDDED:
    # a file, not memory: threads and processes must see the same database, as they do in life
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
if REDIS_URL:
    # test processes share the server and must not share counters; nobody takes hints that tests would publish
    CACHES["default"]["KEY_PREFIX"] = f"tests-{os.getpid()}"
PUBLISH_HINTS = False
(DATA_DIR / "static").mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
