"""The form of an HTTP monitor: what a person may set, with bounds that quote what was written."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField, VersionField
from accounts.history import changes_of
from monitors.forms.parsing import read_header_lines, with_scheme
from monitors.models import Monitor, Rule
from monitors.target import METHODS, TargetError, read_secrets, read_target, read_url

KEYWORD_RULES = (("none", "May say anything"), ("present", "Must contain"), ("absent", "Must not contain"))
AUTH_CHOICES = (("none", "None"), ("basic", "Name and password"), ("bearer", "Bearer token"))
AUTH_KEEP = (("keep", "Keep what is set"), *AUTH_CHOICES)
SEVERITIES = (
    (1, "SEV1, customers are stopped"),
    (2, "SEV2, customers are hindered"),
    (3, "SEV3, it can wait for hours"),
    (4, "SEV4, a note"),
)
URGENCIES = (("high", "High: page at any hour"), ("low", "Low: no need to wake anybody"))

DEFAULTS: dict[str, Any] = {
    "method": "GET",
    "accepted_status": "200-299",
    "keyword_rule": "none",
    "redirects": 5,
    "interval_s": 60,
    "timeout_s": 10,
    "confirmation_s": 60,
    "recovery_s": 60,
    "severity": 2,
    "urgency": "high",
    "auth": "none",
}
ZERO_TO_TEN = "A number from 0 to 10."


def _line(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


def _lines() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})


class UrlForm(forms.Form):
    """One address, to be checked once."""

    url = forms.CharField(
        label="Paste the address your customers use",
        max_length=2000,
        widget=_line(inputmode="url"),
        error_messages={"required": "Paste an address, for instance https://shop.example.com/health."},
    )

    def clean_url(self) -> str:
        """The address with its scheme."""
        return clean_address(self.cleaned_data["url"])


class MonitorForm(forms.Form):
    """Every setting of an HTTP monitor, and the parts of it that the services take."""

    name = forms.CharField(max_length=120, help_text="What a person at 03:00 would call it.")
    url = forms.CharField(label="Address", max_length=2000, widget=_line(inputmode="url"))
    service = forms.ChoiceField()
    method = forms.ChoiceField(choices=[(m, m) for m in METHODS])
    accepted_status = forms.CharField(
        label="Good answers", max_length=120, help_text="Status codes and ranges, as in 200-299, 304."
    )
    keyword_rule = forms.ChoiceField(label="The answer", choices=KEYWORD_RULES)
    keyword = forms.CharField(label="These words", max_length=500, required=False, strip=False)
    redirects = forms.IntegerField(
        label="Redirects to follow",
        min_value=0,
        max_value=10,
        help_text="0 judges the first answer.",
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid"), ZERO_TO_TEN),
    )
    interval_s = DurationField(label="Check every", least=1, most=86400)
    timeout_s = DurationField(label="Give up after", least=1, most=60)
    confirmation_s = DurationField(
        label="Down when failing for", least=0, most=86400, help_text="0 s calls the first failure down."
    )
    recovery_s = DurationField(label="Up again when good for", least=0, most=86400)
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int)
    urgency = forms.ChoiceField(choices=URGENCIES)
    headers = forms.CharField(
        label="Request headers",
        required=False,
        max_length=8000,
        widget=_lines(),
        help_text="One a line: X-Api-Key: abc",
    )
    body = forms.CharField(label="Request body", required=False, max_length=64_000, strip=False, widget=_lines())
    auth = forms.ChoiceField(label="Sign in to it with", choices=AUTH_CHOICES)
    username = forms.CharField(label="Name", required=False, max_length=200, widget=_line())
    password = forms.CharField(
        label="Password or token",
        required=False,
        max_length=4000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        """The address with its scheme."""
        return clean_address(self.cleaned_data["url"])

    def clean_headers(self) -> dict[str, str]:
        """Header names to values."""
        try:
            return read_header_lines(self.cleaned_data["headers"])
        except ValueError as error:
            raise ValidationError(str(error), code="unreadable") from error

    def clean(self) -> dict[str, Any]:
        """Rules that need two fields."""
        data = super().clean() or self.cleaned_data
        interval, timeout = data.get("interval_s"), data.get("timeout_s")
        if interval and timeout and timeout > max(interval, 10):
            sentence = f"Give up before the next check is due: it runs every {interval} s and you wrote {timeout} s."
            self.add_error("timeout_s", sentence)
        if data.get("keyword_rule") != "none" and not data.get("keyword"):
            self.add_error("keyword", "Write the words to look for, or choose that the answer may say anything.")
        if data.get("auth") == "basic" and not (data.get("username") and data.get("password")):
            self.add_error("username", "Write both the name and the password; neither is shown again.")
        if data.get("auth") == "bearer" and not data.get("password"):
            self.add_error("password", "Paste the token; it is not shown again.")
        if not self.errors:
            self._judge_target()
        return data

    def _judge_target(self) -> None:
        """Ask the house's own reader, so that form and API refuse the same things with the same words."""
        try:
            read_target(self.target(), read_secrets(self.secrets()))
        except TargetError as error:
            field = {"basic": "username", "bearer": "password"}.get(error.field, error.field)
            self.add_error(field if field in self.fields else None, error.sentence)

    def secrets(self) -> dict[str, Any]:
        """The write-only half: header values, body, credentials. Only what was written."""
        data = self.cleaned_data
        held: dict[str, Any] = {}
        if data["headers"]:
            held["headers"] = data["headers"]
        if data["body"]:
            held["body"] = data["body"]
        if data["auth"] == "basic":
            held["basic"] = [data["username"], data["password"]]
        if data["auth"] == "bearer":
            held["bearer"] = data["password"]
        return held

    def numbers(self) -> dict[str, Any]:
        """How often, how long, how loud: the fields of monitor and rule that are not the target."""
        names = ("interval_s", "timeout_s", "confirmation_s", "recovery_s", "severity", "urgency")
        return {name: self.cleaned_data[name] for name in names}

    def target(self) -> dict[str, Any]:
        """The half that history keeps: where and what a good answer is."""
        data = self.cleaned_data
        looks = data["keyword_rule"] != "none"
        return {
            "url": data["url"],
            "method": data["method"],
            "accepted_status": data["accepted_status"],
            "keyword": data["keyword"] if looks else "",
            "keyword_present": data["keyword_rule"] != "absent",
            "redirects": data["redirects"],
        }


class AddMonitorForm(MonitorForm):
    """The form of a monitor that does not exist yet; its service may not exist either."""

    new_service = forms.CharField(
        label="or a new service", max_length=120, required=False, help_text="What customers would call it."
    )

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, services=[("", "A new service"), *services], **kwargs)
        self.fields["service"].required = False

    def clean(self) -> dict[str, Any]:
        """A service is chosen or named."""
        data = super().clean()
        if not data.get("service") and not data.get("new_service"):
            self.add_error("new_service", "Choose a service, or name a new one.")
        return data


class EditMonitorForm(MonitorForm, ChangeForm):
    """The same for a monitor that exists: a reason, the versions seen, and secrets kept unless replaced."""

    drop_headers = forms.BooleanField(label="Remove all request headers", required=False)
    drop_body = forms.BooleanField(label="Remove the request body", required=False)
    rule_version = VersionField()

    def __init__(self, *args: Any, held: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["auth"].choices = AUTH_KEEP  # type: ignore[attr-defined]
        names, size = ", ".join(held.get("header_names", ())) or "none", held.get("body_bytes", 0)
        self.fields["headers"].help_text = f"Set now: {names}. Write here to replace them; left empty they stay."
        self.fields["body"].help_text = f"Set now: {size:,} bytes. Write here to replace them; left empty they stay."

    def secrets(self) -> dict[str, Any]:
        """What replaces held secrets; None removes a part, and a part that is not named stays."""
        held: dict[str, Any] = super().secrets()
        if self.cleaned_data["drop_headers"]:
            held["headers"] = None
        if self.cleaned_data["drop_body"]:
            held["body"] = None
        if self.cleaned_data["auth"] == "none":
            held |= {"basic": None, "bearer": None}
        return held

    def stale(self, monitor: Monitor, rule: Rule) -> None:
        """Say who changed the monitor or its rule meanwhile; the next save aims at what is in force."""
        seen = self.cleaned_data["rule_version"]
        self.conflict(monitor)
        rule.refresh_from_db()
        self.theirs += changes_of(rule, after_version=seen)
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("rule_version")] = str(rule.version)
        self.data = data


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refused onto the fields it speaks of; the rest stands above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, sentences in error.error_dict.items():
        shown = {"basic": "username", "bearer": "password"}.get(field, field)
        form.add_error(shown if shown in form.fields else None, sentences)


def initial_of(monitor: Monitor, rule: Rule) -> dict[str, Any]:
    """What the edit form shows: everything but secrets."""
    target = monitor.target
    rule_word = ("present" if target.get("keyword_present") else "absent") if target.get("keyword") else "none"
    return {
        **target,
        "name": monitor.name,
        "service": monitor.service.public_id,
        "interval_s": monitor.interval_s,
        "timeout_s": monitor.timeout_s,
        "keyword_rule": rule_word,
        "confirmation_s": rule.confirmation_s,
        "recovery_s": rule.recovery_s,
        "severity": rule.severity,
        "urgency": rule.urgency,
        "auth": "keep",
        "version": monitor.version,
        "rule_version": rule.version,
    }


def clean_address(text: str) -> str:
    """An address in the form that is called; for `clean_…` methods."""
    try:
        return read_url(with_scheme(text))
    except TargetError as error:
        raise ValidationError(error.sentence, code="unreadable") from error
