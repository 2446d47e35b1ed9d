"""The form of a monitor: what a person may set, with bounds that quote what was written.

The settings of its type of check come from `monitors.kinds`; what every monitor has stands here.
"""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField, VersionField
from accounts.history import changes_of
from monitors.forms.parsing import with_scheme
from monitors.forms.tags import TagsField
from monitors.forms.targets import add_inputs, initial_of_target, input_at_fault, line, names_of, rows_of, settings_of
from monitors.kinds import KINDS, Kind, TargetError
from monitors.kinds.text import read_url
from monitors.models import Monitor, Rule
from monitors.services.definition import DEFAULTS

SEVERITIES = (
    (1, "SEV1, customers are stopped"),
    (2, "SEV2, customers are hindered"),
    (3, "SEV3, it can wait for hours"),
    (4, "SEV4, a note"),
)
URGENCIES = (("high", "High: page at any hour"), ("low", "Low: no need to wake anybody"))


class UrlForm(forms.Form):
    """One address, to be checked once."""

    url = forms.CharField(
        label="Paste the address your customers use",
        max_length=2000,
        widget=line(inputmode="url"),
        error_messages={"required": "Paste an address, for instance https://shop.example.com/health."},
    )

    def clean_url(self) -> str:
        """The address with its scheme."""
        return clean_address(self.cleaned_data["url"])


class MonitorForm(forms.Form):
    """Every setting of a monitor of one kind, and the parts of it that the services take."""

    name = forms.CharField(max_length=120, help_text="What a person at 03:00 would call it.")
    service = forms.ChoiceField()
    tags = TagsField()
    interval_s = DurationField(label="Check every", least=1, most=86400)
    timeout_s = DurationField(label="Give up after", least=1, most=60)
    confirmation_s = DurationField(
        label="Down when failing for", least=0, most=86400, help_text="0 s calls the first failure down."
    )
    recovery_s = DurationField(label="Up again when good for", least=0, most=86400)
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int)
    urgency = forms.ChoiceField(choices=URGENCIES)

    def __init__(
        self, *args: Any, kind: Kind, services: list[tuple[str, str]], monitor: Monitor | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.held: dict[str, Any] = dict(monitor.secrets or {}) if monitor else {}
        self.fields["service"].choices = services  # type: ignore[attr-defined]
        add_inputs(self, kind, kind.restore(monitor.target) if monitor else None, self.held)

    @property
    def everyday(self) -> Iterator[list[forms.BoundField]]:
        """The inputs of the kind that are shown at once, line by line."""
        return rows_of(self, self.kind, everyday=True)

    @property
    def folded(self) -> list[list[forms.BoundField]]:
        """The others."""
        return list(rows_of(self, self.kind, everyday=False))

    @property
    def has_secrets(self) -> bool:
        """Whether something written here is never shown again."""
        return any(field.secret for field in self.kind.fields)

    def clean(self) -> dict[str, Any]:
        """Rules that need two fields."""
        data = super().clean() or self.cleaned_data
        interval, timeout = data.get("interval_s"), data.get("timeout_s")
        if interval and timeout and timeout > max(interval, 10):
            sentence = f"Give up before the next check is due: it runs every {interval} s and you wrote {timeout} s."
            self.add_error("timeout_s", sentence)
        if not self.errors:
            self._judge_target()
        return data

    def _judge_target(self) -> None:
        """Ask the kind's own reader, so that form and API refuse the same things with the same words."""
        try:
            secrets = self.kind.read_secrets(self.kind.merge_secrets(self.held, self.secrets()))
            self.kind.read_target(self.target(), secrets)
        except TargetError as error:
            self.add_error(input_at_fault(self, error.field), error.sentence)

    def secrets(self) -> dict[str, Any]:
        """The write-only half: only what was written; None removes a part, and a part that is not named stays."""
        return settings_of(self, self.kind, secret=True)

    def numbers(self) -> dict[str, Any]:
        """How often, how long, how loud: the fields of monitor and rule that are not the target."""
        return {name: self.cleaned_data[name] for name in DEFAULTS}

    def target(self) -> dict[str, Any]:
        """The half that history keeps: where and what a good answer is."""
        return settings_of(self, self.kind, secret=False)


class AddMonitorForm(MonitorForm):
    """The form of a monitor that does not exist yet; its service may not exist either."""

    new_service = forms.CharField(
        label="or a new service", max_length=120, required=False, help_text="What customers would call it."
    )

    beside = forms.MultipleChoiceField(
        label="Check beside it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Each a monitor of its own.",
    )

    def __init__(
        self, *args: Any, services: list[tuple[str, str]], beside: list[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, services=[("", "A new service"), *services], **kwargs)
        self.fields["service"].required = False
        self.fields["beside"].choices = beside or []  # type: ignore[attr-defined]
        if not beside:
            del self.fields["beside"]

    def clean(self) -> dict[str, Any]:
        """A service is chosen or named."""
        data = super().clean()
        if not data.get("service") and not data.get("new_service"):
            self.add_error("new_service", "Choose a service, or name a new one.")
        return data


class EditMonitorForm(MonitorForm, ChangeForm):
    """The same for a monitor that exists: a reason, the versions seen, and secrets kept unless replaced."""

    rule_version = VersionField()

    def stale(self, monitor: Monitor, rule: Rule) -> None:
        """Say who changed the monitor or its rule meanwhile; the next save aims at what is in force."""
        seen = self.cleaned_data["rule_version"]
        self.conflict(monitor)
        rule.refresh_from_db()
        self.theirs += changes_of(rule, after_version=seen)
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("rule_version")] = str(rule.version)
        self.data = data


def initial_of(monitor: Monitor, rule: Rule) -> dict[str, Any]:
    """What the edit form shows: everything but secrets."""
    return {
        **initial_of_target(KINDS[monitor.kind], monitor.target),
        "name": monitor.name,
        "service": monitor.service.public_id,
        "tags": monitor.tags,
        "interval_s": monitor.interval_s,
        "timeout_s": monitor.timeout_s,
        "confirmation_s": rule.confirmation_s,
        "recovery_s": rule.recovery_s,
        "severity": rule.severity,
        "urgency": rule.urgency,
        "version": monitor.version,
        "rule_version": rule.version,
    }


def of_the_check(form: MonitorForm) -> bool:
    """Whether something is wrong with the settings of the check itself, and not only with its name or service."""
    named = {name for field in form.kind.fields for name in names_of(field)} | {"timeout_s"}
    return bool(named & set(form.errors))


def initial_of_new(kind: Kind) -> dict[str, Any]:
    """What the form of a new monitor of a kind begins with."""
    return {**DEFAULTS, **initial_of_target(kind, {}), **kind.defaults}


def clean_address(text: str) -> str:
    """An address in the form that is called; for `clean_…` methods."""
    try:
        return read_url(with_scheme(text))
    except TargetError as error:
        raise ValidationError(error.sentence, code="unreadable") from error
