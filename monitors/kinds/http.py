"""The HTTP check: what it asks for and accepts. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Shape
from monitors.kinds.expecting import OPERATORS, PATH_MAX, VALUE_MAX, read_header_rule, read_path, read_rule
from monitors.kinds.text import TargetError, read_choice, read_text
from monitors.kinds.web import ACCEPTED, REQUEST, SIGN_IN, TOLD, URL, WebSecrets, WebTarget, read_web, read_web_secrets

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KEYWORD_MAX = 500
BODY_MAX = 64_000
HEADER_RULES_MAX = 20


@dataclass(frozen=True, slots=True)
class HttpTarget(WebTarget):
    """What history keeps of an HTTP check. regex: RE2. json_path: "" when the answer need not be JSON."""

    method: str = "GET"
    keyword: str = ""
    keyword_present: bool = True
    regex: str = ""
    regex_present: bool = True
    json_path: str = ""
    json_operator: str = "exists"
    json_value: str = ""
    header_rules: tuple[str, ...] = ()
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class HttpSecrets(WebSecrets):
    """The write-only half: a request body as well."""

    body: str = ""


def read_target(given: Mapping[str, Any], secrets: HttpSecrets) -> HttpTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    method = read_choice("method", str(given.get("method") or "GET").upper(), METHODS)
    if secrets.body and method in ("GET", "HEAD"):
        raise TargetError("body", f"A {method} request carries no body. Choose POST, or leave the body empty.")
    looked = {name: str(given.get(name) or "") for name in ("keyword", "regex", "json_path")}
    for name, written in looked.items():
        if written and method == "HEAD":
            raise TargetError(name, "An answer to HEAD has no body to look in. Choose GET.")
    return HttpTarget(
        **read_web(given, secrets),
        **_read_json(given, looked["json_path"]),
        method=method,
        keyword=read_text("keyword", looked["keyword"], KEYWORD_MAX),
        keyword_present=bool(given.get("keyword_present", True)),
        regex=read_text("regex", looked["regex"], KEYWORD_MAX),
        regex_present=bool(given.get("regex_present", True)),
        header_rules=_read_header_rules(given.get("header_rules") or ()),
        body_bytes=len(secrets.body.encode()),
    )


def read_secrets(given: Mapping[str, Any]) -> HttpSecrets:
    """Read the write-only half. Raises TargetError; its sentences never quote a value."""
    body = str(given.get("body") or "")
    if len(body.encode()) > BODY_MAX:
        raise TargetError("body", f"The body may have {BODY_MAX:,} bytes, and this one has more.")
    return HttpSecrets(**read_web_secrets(given), body=body)


def _read_json(given: Mapping[str, Any], path: str) -> dict[str, Any]:
    if not path.strip():
        return {}
    operator, value = str(given.get("json_operator") or "exists"), str(given.get("json_value") or "")
    rule = read_rule("json_value", read_path(path), read_choice("json_operator", operator, OPERATORS), value)
    return {"json_path": rule.subject, "json_operator": rule.operator, "json_value": rule.value}


def _read_header_rules(lines: Any) -> tuple[str, ...]:
    if len(lines) > HEADER_RULES_MAX:
        raise TargetError("header_rules", f"At most {HEADER_RULES_MAX} rules.")
    rules = [read_header_rule(str(line)) for line in lines]
    return tuple(" ".join(part for part in (r.subject, r.operator, r.value) if part) for r in rules)


PRESENT = (("yes", "Must contain"), ("no", "Must not contain"))
FIELDS = (
    URL,
    Field("method", "Method", Shape.CHOICE, default="GET", choices=tuple((m, m) for m in METHODS), half=True),
    ACCEPTED,
    Field("keyword_present", "The answer", Shape.YES_NO, about="keyword", default=True, half=True, choices=PRESENT),
    Field("keyword", "These words", Shape.WORDS, help="Empty: it may say anything.", most=KEYWORD_MAX, half=True),
    Field(
        "regex_present", "And it", Shape.YES_NO, about="regex", default=True, half=True,
        choices=(("yes", "Must match"), ("no", "Must not match")),
    ),
    Field(
        "regex", "This expression", Shape.WORDS, help="RE2, searched for anywhere in the answer.", most=KEYWORD_MAX, half=True,
    ),
    Field("json_path", "JSON path", help="As in $.status or $.checks[*].state.", most=PATH_MAX),
    Field(
        "json_operator", "What is found there", Shape.CHOICE, about="json_path", default="exists", choices=tuple(OPERATORS.items()), half=True,
    ),
    Field("json_value", "This value", Shape.WORDS, help="All that is found must be so.", most=VALUE_MAX, half=True),
    Field(
        "header_rules", "Headers of the answer", Shape.LIST,
        help=f"One rule a line: Content-Type contains json. Words: {', '.join(OPERATORS)}.", most=HEADER_RULES_MAX,
    ),
    *REQUEST,
    Field("body", "Request body", Shape.LINES, most=BODY_MAX, secret=True, held="body_bytes"),
    *SIGN_IN,
)  # fmt: skip
KIND = Kind(
    name="http",
    label="HTTP",
    about="Asks a web address and looks at the answer.",
    fields=FIELDS,
    told=(*TOLD, Field("body_bytes", "Bytes of the request body", Shape.WHOLE)),
    target=HttpTarget,
    read_target=read_target,
    read_secrets=read_secrets,
    address_field="url",
)
