"""The health check: an endpoint that says how its dependencies are. Pure, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Shape
from monitors.kinds.text import TargetError, read_text
from monitors.kinds.web import ACCEPTED, REQUEST, SIGN_IN, TOLD, URL, WebSecrets, WebTarget, read_web, read_web_secrets

REQUIRED_MAX = 50


@dataclass(frozen=True, slots=True)
class HealthTarget(WebTarget):
    """What history keeps of a health check. required: dependencies that the answer must speak of."""

    required: tuple[str, ...] = ()
    warn_fails: bool = False


def read_target(given: Mapping[str, Any], secrets: WebSecrets) -> HealthTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    required = [read_text("required", name, 100).strip() for name in given.get("required") or ()]
    if len(required) > REQUIRED_MAX:
        raise TargetError("required", f"At most {REQUIRED_MAX} names.")
    return HealthTarget(
        **read_web(given, secrets),
        required=tuple(dict.fromkeys(name for name in required if name)),
        warn_fails=bool(given.get("warn_fails", False)),
    )


def read_secrets(given: Mapping[str, Any]) -> WebSecrets:
    """Read the write-only half. Raises TargetError; its sentences never quote a value."""
    return WebSecrets(**read_web_secrets(given))


KIND = Kind(
    name="health",
    label="Health",
    about="Asks an application how it and its dependencies are, and names those that are not well.",
    fields=(
        URL,
        Field(
            "required", "Dependencies it must speak of", Shape.LIST, help="One name a line, as the answer has them.",
            most=REQUIRED_MAX, everyday=True,
        ),
        Field("warn_fails", "A warning counts as failing", Shape.YES_NO, default=False, everyday=True),
        ACCEPTED,
        *REQUEST,
        *SIGN_IN,
    ),
    told=TOLD,
    target=HealthTarget,
    read_target=read_target,
    read_secrets=read_secrets,
    address_field="url",
)  # fmt: skip
