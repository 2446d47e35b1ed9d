"""One settings file, driven by the environment. docs/settings.md describes every variable; a test compares.

What is set in the environment wins over `.env` in the project's folder. A value that cannot be used
raises SettingError with one sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import keys
from config.api_settings import API_RATES, REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 - read by their packages
from config.databases import database, mail, sender_domain
from config.env import Env, read_environment
from config.logs import configure as configure_logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(read_environment(BASE_DIR))

VERSION = "0.1.0"
DEBUG = env.boolean("DEBUG", False)

# Where things are ---------------------------------------------------------------------------------

DATA_DIR = env.path("DATA_DIR", BASE_DIR / "data", shown="data")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, least=1, most=65535)
PUBLIC_URL = env.web_address("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
_public = urlsplit(PUBLIC_URL)

# Keys ---------------------------------------------------------------------------------------------

DATABASE_URL = env.secret("DATABASE_URL")
_own_keys = not DATABASE_URL
SECRET_KEY = keys.require_key(env, DATA_DIR, "secret_key", may_make=_own_keys)
ENCRYPTION_KEYS = keys.as_key_ring(
    "encryption_keys", keys.require_key(env, DATA_DIR, "encryption_keys", may_make=_own_keys)
)
FINGERPRINT_KEY = keys.as_bytes(
    "fingerprint_key", keys.require_key(env, DATA_DIR, "fingerprint_key", may_make=_own_keys)
)
SIGNING_KEY = keys.as_bytes("signing_key", keys.require_key(env, DATA_DIR, "signing_key", may_make=_own_keys))
SEAL_KEY = keys.as_bytes("seal_key", keys.require_key(env, DATA_DIR, "seal_key", may_make=_own_keys))

# Database, cache, broker ----------------------------------------------------------------------------

DATABASES = {"default": database(DATABASE_URL, DATA_DIR, pool_size=env.integer("DATABASE_POOL", 32, least=2, most=500))}
DATABASE_ANSWER_S = env.seconds("DATABASE_ANSWER_S", 15, least=0.5)
EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")

REDIS_URL = env.secret("REDIS_URL")


def _cache(key_prefix: str, without_redis: str) -> dict[str, Any]:
    """A cache on Redis; `without_redis` stands in for it while it is away."""
    options = {"substitute": without_redis, "socket_connect_timeout": 1, "socket_timeout": 1}
    backend = "config.cache.RedisWithSubstitute"
    return {"BACKEND": backend, "LOCATION": REDIS_URL, "KEY_PREFIX": key_prefix, "OPTIONS": options}


_table = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shared_cache"}
_process = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "throttle",
    "OPTIONS": {"MAX_ENTRIES": 10_000},
}
CACHES = {
    # Rate limits and used one-time codes live here, so it is never per process.
    "default": _cache("watchbook", "table") if REDIS_URL else _table,
    # The API counts every call. In the database a read would cost a write, so without Redis each web process counts
    # its own; the embedded installation has one.
    "throttle": _cache("throttle", "process") if REDIS_URL else _process,
    "table": _table,
    "process": _process,
}

# Applications ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "evidence",
    "statuspage",
    "postmortems",
    "incidents",
    "oncall",
    "monitors",
    "accounts",
    "ledger",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "simple_history",
    "django_celery_beat",
    "csp",
]

MIDDLEWARE = [
    # pings of jobs are answered here: they need nothing of what follows
    "config.public.PingMiddleware",
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # status pages are answered here: nothing below reads a session for them
    "config.public.PublicMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.ActorMiddleware",
    "config.page.ZoneMiddleware",
    # every view needs a signed-in person unless it says @login_not_required
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.page.LiveMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES: dict[str, str] = {}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.page.chrome",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# Time and language ----------------------------------------------------------------------------------

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"
USE_I18N = False

# Sign-in --------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_ADAPTER = "accounts.views.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.sign_in.SignInForm",
    "reset_password": "accounts.forms.sign_in.ResetForm",
    "reset_password_from_key": "accounts.forms.sign_in.NewPasswordForm",
    "change_password": "accounts.forms.sign_in.ChangePasswordForm",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
SESSION_COOKIE_AGE = 14 * 86_400
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# The edge -------------------------------------------------------------------------------------------

ALLOWED_HOSTS = sorted({_public.hostname or "", "127.0.0.1", "localhost", "[::1]", *env.words("ALLOWED_HOSTS")} - {""})
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies of ours stand in front: their entries of X-Forwarded-For are believed, others never.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, most=5)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
METRICS_TOKEN = env.secret("METRICS_TOKEN")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Static files ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "config.staticfiles.HashedStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_MAX_AGE = 300

# Mail and phone -------------------------------------------------------------------------------------

EMAIL_URL = env.secret("EMAIL_URL")
EMAIL_FROM = env.text("EMAIL_FROM", f"watchbook@{sender_domain(PUBLIC_URL)}")
EMAIL_BOUNCE_ADDRESS = env.mailbox("EMAIL_BOUNCE_ADDRESS", room=16)  # 64 in all, with what bounces.py adds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
globals().update(mail(EMAIL_URL, debug=DEBUG))

TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.secret("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_PREVIOUS = env.secret("TWILIO_AUTH_TOKEN_PREVIOUS")
TWILIO_FROM = env.text("TWILIO_FROM")
TWILIO_VOICE_FROM = env.text("TWILIO_VOICE_FROM")
TWILIO_BASE_URL = env.web_address("TWILIO_BASE_URL", "https://api.twilio.com")
TWILIO_SECOND_ACCOUNT_SID = env.text("TWILIO_SECOND_ACCOUNT_SID")
TWILIO_SECOND_AUTH_TOKEN = env.secret("TWILIO_SECOND_AUTH_TOKEN")
TWILIO_SECOND_AUTH_TOKEN_PREVIOUS = env.secret("TWILIO_SECOND_AUTH_TOKEN_PREVIOUS")
TWILIO_SECOND_FROM = env.text("TWILIO_SECOND_FROM")
TWILIO_SECOND_VOICE_FROM = env.text("TWILIO_SECOND_VOICE_FROM")
TWILIO_SECOND_BASE_URL = env.web_address("TWILIO_SECOND_BASE_URL", "https://api.twilio.com")
TWILIO_CALLS_PER_S = env.per_second("TWILIO_CALLS_PER_S", 1)
TWILIO_TEXTS_PER_S = env.per_second("TWILIO_TEXTS_PER_S", 1)

# How many pages one contact gets; docs/paging.md, "Storms".
PAGE_LIMITS = {
    "sms": env.windows("PAGE_LIMITS_SMS", ((1, 60), (5, 900), (11, 3600), (21, 10_800))),
    "voice": env.windows("PAGE_LIMITS_VOICE", ((1, 60), (3, 900), (7, 3600), (15, 10_800))),
    "email": env.windows("PAGE_LIMITS_EMAIL", ((1, 60), (10, 900), (20, 3600), (40, 10_800))),
}

SLACK_BOT_TOKEN = env.secret("SLACK_BOT_TOKEN")
SLACK_SIGNING_SECRET = env.secret("SLACK_SIGNING_SECRET")
SLACK_SIGNING_SECRET_PREVIOUS = env.secret("SLACK_SIGNING_SECRET_PREVIOUS")
SLACK_BASE_URL = env.web_address("SLACK_BASE_URL", "https://slack.com")

PAGERDUTY_BASE_URL = env.web_address("PAGERDUTY_BASE_URL", "https://events.pagerduty.com")

# Who notices when this machine dies -------------------------------------------------------------------

DEADMAN_URL = env.secret_address("DEADMAN_URL")

# The engine: constants that tests scale instead of waiting -------------------------------------------

TICK_S = env.seconds("TICK_S", 1, least=0.05)
WATCHDOG_AFTER_S = env.seconds("WATCHDOG_AFTER_S", 5, least=0.2)
FLAP_CHANGES = env.integer("FLAP_CHANGES", 5, least=2, most=100)
FLAP_WINDOW_S = env.integer("FLAP_WINDOW_S", 1800, least=60, most=86_400)
PLAN_WINDOW_S = env.seconds("PLAN_WINDOW_S", 5, least=0.2)
PLAN_SLOTS = env.integer("PLAN_SLOTS", 500, least=1, most=5000)
HANDOVER_MS = env.integer("HANDOVER_MS", 250, least=10, most=5000)
SEND_DEADLINE_S = env.seconds("SEND_DEADLINE_S", 10, least=0.2)
SEND_LEASE_S = env.seconds("SEND_LEASE_S", 30, least=0.5)
RETRY_DELAYS_S = env.seconds_list("RETRY_DELAYS_S", (15, 45, 120))
RECONCILE_AFTER_S = env.seconds("RECONCILE_AFTER_S", 60, least=0.2)
PROVIDER_ASK_EVERY_S = env.seconds("PROVIDER_ASK_EVERY_S", 300, least=10)
SELF_CHECK_EVERY_S = env.seconds("SELF_CHECK_EVERY_S", 60, least=0.5)
WEBHOOK_TIMEOUT_S = env.seconds("WEBHOOK_TIMEOUT_S", 15, least=0.2)
WEBHOOK_DELAYS_S = env.seconds_list("WEBHOOK_DELAYS_S", (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800))
WEBHOOK_OVERLAP_S = env.seconds("WEBHOOK_OVERLAP_S", 86400, least=0)
PINGS_PER_MINUTE = env.integer("PINGS_PER_MINUTE", 600, least=1, most=1_000_000)
RETENTION_DAYS = env.integer("RETENTION_DAYS", 800, least=456, most=36_500)  # ledger.append_only
SIGNAL_REOPEN_H = env.integer("SIGNAL_REOPEN_H", 24, least=1, most=720)
ENGINE_THREADS = env.integer("ENGINE_THREADS", 24, least=4, most=500)
WEB_THREADS = env.integer("WEB_THREADS", 4, least=1, most=200)
LOCATION = env.text("LOCATION", "local")
# What a remote probe trusts; docs/locations.md.
ENGINE_KEY = env.text("ENGINE_KEY")
# Only a process whose broker others can reach may publish; the embedded engine turns it on for itself.
PUBLISH_HINTS = bool(REDIS_URL)
# Tests kill processes at named places; nothing else may set this.
FAIL_POINTS_ENABLED = env.boolean("FAIL_POINTS_ENABLED", False)

# Celery: a message is a hint, the database is the truth ------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT = None if REDIS_URL else "config.memory:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 600, "global_keyprefix": "watchbook."}
    if REDIS_URL
    else {}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = "engine"
CELERY_TASK_ROUTES = {"watchbook.housekeeping": {"queue": "slow"}}
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True
# Django's fix-up closes connections after every task: right for the pool, a waste for a file.
CELERY_DB_REUSE_MAX = 1_000_000_000 if EMBEDDED else None

# Logs -----------------------------------------------------------------------------------------------

LOGGING_CONFIG = None
configure_logs(
    level=env.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info"),
    form=env.choice("LOG_FORMAT", ("json", "console"), "json"),
)
