"""Forms of heartbeats: when a job is expected and how patient we are, its keys, and the keys of a project."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField, VersionField
from accounts.history import changes_of
from accounts.zones import zone_choices
from monitors.forms.monitor import SEVERITIES, URGENCIES
from monitors.forms.tags import TagsField
from monitors.heartbeats.schedules import DAY_S, WAYS
from monitors.kinds.heartbeat import BOUNDS, DEFAULTS, KIND, METHODS
from monitors.kinds.text import TargetError
from monitors.models import Monitor, Rule
from monitors.services.ping_keys import NAME_MAX, OVERLAP_MOST_S, OVERLAP_S

DURATIONS = ("period_s", "grace_s", "run_limit_s", "early_s")
PARTS = ("schedule", "period_s", "expression", "zone", "grace_s", "run_limit_s", "early_s", "slug", "methods")


def _line(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


def _bound(name: str, **kwargs: Any) -> DurationField:
    least, most = BOUNDS[name]
    return DurationField(least=least, most=most, **kwargs)


class HeartbeatForm(forms.Form):
    """Every setting of a heartbeat."""

    name = forms.CharField(max_length=120, help_text="What a person at 03:00 would call it: Nightly backup.")
    service = forms.ChoiceField()
    tags = TagsField()
    schedule = forms.ChoiceField(label="Expected", choices=list(WAYS.items()), widget=forms.RadioSelect)
    period_s = _bound("period_s", label="Every", required=False, help_text="For every so often: 10 min, 1 h, 1 d.")
    expression = forms.CharField(
        label="Cron or OnCalendar",
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="30 2 * * 1-5, or Mon..Fri *-*-* 02:30; of OnCalendar several, one a line.",
    )
    zone = forms.ChoiceField(label="In the time zone", choices=zone_choices)
    grace_s = _bound("grace_s", label="Start grace", help_text="Down when nothing came so long after it was expected.")
    run_limit_s = _bound("run_limit_s", label="Run limit", help_text="Down when a run that said it began lasts longer.")
    early_s = _bound("early_s", label="Early by at most", help_text="A ping so long before its time counts for it.")
    methods = forms.ChoiceField(
        label="Counts", choices=METHODS, help_text="POST only keeps link previews from pinging."
    )
    slug = forms.SlugField(
        max_length=100,
        required=False,
        widget=_line(),
        help_text="For addresses with a project's key; made of the name.",
    )
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int)
    urgency = forms.ChoiceField(choices=URGENCIES)

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask the house's own reader, so that form and API refuse the same things with the same words."""
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                KIND.read_target(self.target(), KIND.read_secrets({}))
            except TargetError as error:
                self.add_error(error.field if error.field in self.fields else None, error.sentence)
        return data

    def target(self) -> dict[str, Any]:
        """The half that history keeps."""
        data = self.cleaned_data
        held = {name: data[name] for name in PARTS}
        return {**held, "period_s": data["period_s"] or DAY_S, "expression": data["expression"].replace("\r\n", "\n")}

    def numbers(self) -> dict[str, Any]:
        """How loud."""
        return {name: self.cleaned_data[name] for name in ("severity", "urgency")}


class AddHeartbeatForm(HeartbeatForm):
    """The form of a heartbeat that does not exist yet; its service may not exist either."""

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


class EditHeartbeatForm(HeartbeatForm, ChangeForm):
    """The same for a heartbeat that exists: a reason, and the versions seen."""

    rule_version = VersionField()

    def stale(self, monitor: Monitor, rule: Rule) -> None:
        """Say who changed the heartbeat or its rule meanwhile; the next save aims at what is in force."""
        seen = self.cleaned_data["rule_version"]
        self.conflict(monitor)
        rule.refresh_from_db()
        self.theirs += changes_of(rule, after_version=seen)
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("rule_version")] = str(rule.version)
        self.data = data


class RotateForm(ChangeForm):
    """A new key in the place of one."""

    overlap_s = DurationField(
        label="The old key goes on for",
        least=0,
        most=OVERLAP_MOST_S,
        initial=OVERLAP_S,
        help_text="Time to change jobs.",
    )
    key = forms.CharField(
        label="A key of your own",
        required=False,
        max_length=64,
        widget=_line(),
        help_text="Of Healthchecks, so that jobs only change the address before it. Empty: we make one.",
    )
    field_order = ("overlap_s", "key", "reason", "version")


class ProjectKeyForm(forms.Form):
    """A key that pings by slug."""

    name = forms.CharField(max_length=NAME_MAX, help_text="Whose jobs: Warehouse, data pipeline.")
    service = forms.ChoiceField(help_text="Its team's heartbeats answer to the key; new ones become heartbeats of it.")
    key = forms.CharField(
        label="A key of your own",
        required=False,
        max_length=64,
        widget=_line(),
        help_text="The ping key of a Healthchecks project. Empty: we make one.",
    )

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]


def initial_of(monitor: Monitor, rule: Rule) -> dict[str, Any]:
    """What the edit form shows."""
    return {
        **DEFAULTS,
        **monitor.target,
        "name": monitor.name,
        "service": monitor.service.public_id,
        "tags": monitor.tags,
        "severity": rule.severity,
        "urgency": rule.urgency,
        "version": monitor.version,
        "rule_version": rule.version,
    }


__all__ = [
    "AddHeartbeatForm", "EditHeartbeatForm", "HeartbeatForm", "ProjectKeyForm", "RotateForm", "initial_of",
]  # fmt: skip
