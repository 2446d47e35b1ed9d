"""From a target to the request that is sent: done once for a version of a monitor. Refuses what only a library can tell."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from monitors.kinds.expecting import Rule, read_header_rule
from monitors.kinds.health import HealthTarget
from monitors.kinds.http import HttpSecrets, HttpTarget
from monitors.kinds.text import TargetError
from monitors.kinds.web import WebSecrets, WebTarget, accepted_ranges
from monitors.probes.certificates import read_authorities, read_client
from monitors.probes.judging import expression, path
from monitors.probes.trace import HttpCheck, place_of

USER_AGENT = b"User-Agent: Watchbook"


def compile_check(target: HttpTarget, secrets: HttpSecrets, *, timeout_s: float, curious: bool = False) -> HttpCheck:
    """Make the request of a target: done once for a version of a monitor, then used for each check.

    Raises TargetError for what only a library can tell: an expression, a path, a certificate.
    """
    named = {name.lower() for name, _ in secrets.headers}
    content_type = [_line("Content-Type", _content_type(secrets.body))]
    rules = tuple(map(read_header_rule, target.header_rules))
    json_rule = Rule(target.json_path, target.json_operator, target.json_value) if target.json_path else None
    _prove(target.regex, (*rules, *([json_rule] if json_rule else ())))
    return _request(
        target,
        secrets,
        plain=content_type if secrets.body and "content-type" not in named else [],
        timeout_s=timeout_s,
        curious=curious,
        method=target.method,
        body=secrets.body.encode(),
        keyword=target.keyword.encode(),
        keyword_present=target.keyword_present,
        regex=target.regex,
        regex_present=target.regex_present,
        json=json_rule,
        header_rules=rules,
    )


def compile_health(target: HealthTarget, secrets: WebSecrets, *, timeout_s: float, curious: bool = False) -> HttpCheck:
    """The same of a health check, which is a GET for JSON. Raises TargetError."""
    named = {name.lower() for name, _ in secrets.headers}
    accept = b"Accept: application/health+json, application/json"
    return _request(
        target,
        secrets,
        plain=[] if "accept" in named else [accept],
        timeout_s=timeout_s,
        curious=curious,
        method="GET",
        health=True,
        required=target.required,
        warn_fails=target.warn_fails,
    )


def describe(target: WebTarget, secrets: WebSecrets) -> WebTarget:
    """The target with the names and ends of its certificates, which history and screens show in their place."""
    return replace(
        target,
        client=read_client(secrets.client_certificate, secrets.client_key),
        authorities=", ".join(read_authorities(target.ca)),
    )


def _request(target: WebTarget, secrets: WebSecrets, *, plain: list[bytes], timeout_s: float, **more: Any) -> HttpCheck:
    credentials = [_line(name, value) for name, value in secrets.headers]
    if secrets.basic:
        pair = base64.b64encode(":".join(secrets.basic).encode()).decode()
        credentials.append(_line("Authorization", f"Basic {pair}"))
    if secrets.bearer:
        credentials.append(_line("Authorization", f"Bearer {secrets.bearer}"))
    agent = [] if "user-agent" in {name.lower() for name, _ in secrets.headers} else [USER_AGENT]
    describe(target, secrets)  # refuses what is no certificate
    return HttpCheck(
        url=target.url,
        place=place_of(target.url),
        timeout_s=timeout_s,
        headers=(*agent, *plain, b"Expect:"),
        credentials=tuple(credentials),
        accepted=accepted_ranges(target.accepted_status),
        accepted_text=target.accepted_status,
        redirects=target.redirects,
        http_version=target.http_version,
        ip_family=target.ip_family,
        compressed=target.compressed,
        body_cap=target.body_cap,
        ca=target.ca.encode(),
        client_certificate=secrets.client_certificate.encode(),
        client_key=secrets.client_key.encode(),
        **more,
    )


def _prove(regex: str, rules: tuple[Rule, ...]) -> None:
    """Refuse expressions and paths that cannot be used, in the name of their field."""
    if regex:
        expression(regex)
    for rule in rules:
        field = "json_value" if rule.subject.startswith("$") else "header_rules"
        if field == "json_value":
            path(rule.subject)
        if rule.operator == "matches":
            try:
                expression(rule.value)
            except TargetError as error:
                raise TargetError(field, error.sentence) from None


def _line(name: str, value: str) -> bytes:
    """A header with no value is written with a semicolon, or libcurl would take it as "do not send"."""
    return f"{name}: {value}".encode() if value else f"{name};".encode()


def _content_type(body: str) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "text/plain; charset=utf-8"
    return "application/json"
