"""Structured logs on standard error: one JSON object a line, with the context of the request or task.

Log lines are for debugging; the record of what happened is the ledger. Whatever looks like a secret
is taken out before the line is written.
"""

from __future__ import annotations

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"pass(word|phrase)?$|secret|token|authori[sz]ation|cookie|api_?key|signature|private_?key|^body$", re.IGNORECASE
)
# Values that give themselves away inside free text: credentials in URLs, bearer tokens, our own tokens.
SECRET_TEXTS = (
    (re.compile(r"(\w+://[^\s/:@]*:)[^\s/@]+@"), r"\1" + HIDDEN + "@"),
    (re.compile(r"(?i)(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 " + HIDDEN),
    (re.compile(r"(?i)((?:token|secret|password|code|signature)=)[^\s&\"']+"), r"\1" + HIDDEN),
    (re.compile(r"/(a|badge|calendar|setup|join|password/reset)/[A-Za-z0-9._~=-]{16,}"), r"/\1/" + HIDDEN),
    (re.compile(r"/ping/[A-Za-z0-9_-]{16,}"), "/ping/" + HIDDEN),
    (re.compile(r"\+\d{8,15}\b"), "+" + HIDDEN),
)

Event = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Replace values under secret-looking names, and secret-looking parts of every text, at any depth."""
    for key in list(event):
        event[key] = HIDDEN if SECRET_NAMES.search(str(key)) and event[key] else redact_value(event[key])
    return event


def redact_value(value: Any) -> Any:
    """Return the value with secrets hidden; lists and dicts are copied."""
    if isinstance(value, str):
        for pattern, replacement in SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {
            key: HIDDEN if SECRET_NAMES.search(str(key)) and item else redact_value(item) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_value(item) for item in value]
    return value


def configure(*, level: str, form: str) -> None:
    """Send structlog and standard logging through one chain. `form` is "json" or "console"."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
    ]
    last = structlog.processors.JSONRenderer(default=str) if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, last],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            "loggers": {
                # one line a task, a tick or a request would drown the lines that matter
                "celery": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "django_celery_beat": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "django.server": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                "urllib3": {"level": "WARNING"},
            },
        }
    )
