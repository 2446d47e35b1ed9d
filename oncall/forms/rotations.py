"""The form of a rotation: who takes turns in which order, how long, in which hours, and from when. It works without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import VersionField
from accounts.zones import zone_choices
from oncall.forms.walls import WallField
from oncall.layerwords import DAYS
from oncall.rota.draft import DRAFT, Effect, Wish
from oncall.rota.problems import MAX_HOURS, MAX_PEOPLE, ScheduleError, problems_of_layer
from oncall.rota.schedule import ROLES, Hours, Layer, Members, Person, Rotation, Unit
from oncall.rota.written import hours_to_json, read_hours, wall_text

UNITS = [(Unit.HOURS, "hours"), (Unit.DAYS, "days"), (Unit.WEEKS, "weeks"), (Unit.MONTHS, "months")]
EFFECTS = [(Effect.HAND_OFF, "At the next hand-off"), (Effect.NOW, "Now"), (Effect.DATE, "On a date")]
# what the pure rules call the fields of this form
CALLED = {"start": "starts", "rotation": "lengths", "members": "people"}
SPARE = 2


@dataclass(frozen=True)
class HoursRow:
    """A stretch of the day as it is typed: weekdays as digits, 0 for Monday; none for a row that is not used."""

    days: tuple[str, ...] = ()
    starts: str = "09:00"
    ends: str = "17:00"

    @property
    def choices(self) -> list[tuple[int, str, bool]]:
        """The weekdays, and whether each is chosen."""
        return [(number, name, str(number) in self.days) for number, name in enumerate(DAYS)]


class RotationForm(forms.Form):
    """A rotation. `people` and `rows` are its lists, `wish` what it is to be, once the form is valid."""

    name = forms.CharField(max_length=80, help_text="What people call it: Weekly, Nights.")
    role = forms.ChoiceField(choices=[(role, role.capitalize()) for role in ROLES])
    place = forms.IntegerField(
        label="Asked as number",
        min_value=1,
        max_value=100,
        help_text="Of its role; the first that has somebody answers.",
    )
    lengths = forms.CharField(label="A turn lasts", max_length=120, help_text="A number, or a cycle such as 4, 3.")
    unit = forms.ChoiceField(label="Counted in", choices=UNITS)
    starts = WallField(
        label="A hand-off is at", help_text="One of them, on the clock of the zone beside; the others follow."
    )
    zone = forms.ChoiceField(label="Zone of its hand-offs", choices=zone_choices)
    effect = forms.ChoiceField(label="Takes effect", choices=EFFECTS, widget=forms.RadioSelect, initial=Effect.HAND_OFF)
    date = WallField(label="Which date", required=False)
    version = VersionField()

    def __init__(
        self,
        *args: Any,
        known: Mapping[str, Person],
        people: Sequence[str],
        rows: Sequence[HoursRow],
        zone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known, self.people, self.rows = known, list(people), list(rows)
        self.fields["date"].zone = ZoneInfo(zone)  # type: ignore[attr-defined]
        self.wish: Wish | None = None

    @property
    def picks(self) -> list[list[tuple[str, str, bool]]]:
        """A select for each place in the order, and some that are free."""
        held = [*self.people, *[""] * min(SPARE, MAX_PEOPLE - len(self.people))]
        return [[(key, one.name, key == chosen) for key, one in self.known.items()] for chosen in held]

    @property
    def shown_rows(self) -> list[HoursRow]:
        """The hours that are used, and a free row."""
        return with_a_free_row(self.rows)

    def clean(self) -> dict[str, Any]:
        """Judge the rotation by the schedule's own rules; sentences land on the fields they are about."""
        data = super().clean() or self.cleaned_data
        if data.get("effect") == Effect.DATE and not data.get("date") and "date" not in self.errors:
            self.add_error("date", "Say on which date.")
        if self.errors:
            return data
        try:
            self.wish = self._wish(data)
        except ScheduleError as error:
            self._refused(error.problems)
            return data
        self._refused(problems_of_layer(as_layer(self.wish, data["role"])))
        return data

    def refused(self, error: ScheduleError) -> None:
        """Put what a service refused beside the fields it is about."""
        self._refused(error.problems)

    def _refused(self, problems: Mapping[str, str]) -> None:
        for name, said in problems.items():
            field = CALLED.get(name, name)
            self.add_error(field if field in self.fields else None, said)

    def _wish(self, data: Mapping[str, Any]) -> Wish:
        strange = [one for one in self.people if one not in self.known]
        if strange:
            raise ScheduleError({"people": f"{', '.join(strange)} is nobody who can be paged. Choose active people."})
        return Wish(
            data["name"].strip(),
            data["place"],
            tuple(self.known[one] for one in self.people),
            Rotation(Unit(data["unit"]), _lengths(data["lengths"])),
            self._wall(data),
            data["zone"],
            read_hours([_raw(row) for row in self.rows if row.days]),
        )

    def _wall(self, data: Mapping[str, Any]) -> datetime:
        """The hand-off as it was typed: the field reads it on the wall of UTC, which shows every time once."""
        wall: datetime = data["starts"].replace(tzinfo=None)
        return wall


class ConfirmForm(ChangeForm):
    """Why, once the difference was read. at: the instant for which it was shown, if that was a hand-off."""

    at = forms.CharField(required=False, widget=forms.HiddenInput())


class EndRotationForm(ChangeForm):
    """When a rotation ends, and why."""

    effect = forms.ChoiceField(label="It ends", choices=EFFECTS, widget=forms.RadioSelect, initial=Effect.HAND_OFF)
    date = WallField(label="Which date", required=False)
    field_order = ("effect", "date", "reason", "version")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].zone = ZoneInfo(zone)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A date is needed where one was chosen."""
        data = super().clean() or self.cleaned_data
        if data.get("effect") == Effect.DATE and not data.get("date") and "date" not in self.errors:
            self.add_error("date", "Say on which date.")
        return data


def as_layer(wish: Wish, role: str, since: datetime | None = None) -> Layer:
    """A wish as a layer of its own."""
    return Layer(
        DRAFT, wish.name, wish.order, wish.zone, wish.rotation, wish.start, (Members(wish.people),), wish.restrictions,
        since, role=role,
    )  # fmt: skip


def initial_of(layer: Layer) -> dict[str, Any]:
    """A layer as the form shows it."""
    return {
        "name": layer.name, "role": layer.role, "place": layer.order, "unit": layer.rotation.unit, "zone": layer.zone,
        "lengths": ", ".join(map(str, layer.rotation.lengths)), "starts": wall_text(layer.start),
    }  # fmt: skip


def rows_of(restrictions: Sequence[Hours]) -> list[HoursRow]:
    """Kept hours as rows."""
    return [HoursRow(tuple(map(str, one["days"])), one["starts"], one["ends"]) for one in hours_to_json(restrictions)]


def read_people(lists: Mapping[str, Sequence[str]]) -> list[str]:
    """Who was chosen, in order; free selects are left out."""
    return [one for one in lists.get("people", ())[:MAX_PEOPLE] if one]


def read_rows(lists: Mapping[str, Sequence[str]]) -> list[HoursRow]:
    """Rows out of posted lists named `hours-<n>-days` and so on."""
    numbers = sorted({int(key.split("-")[1]) for key in lists if _is_row(key)})
    return [
        HoursRow(
            tuple(day for day in lists.get(f"hours-{n}-days", ()) if day in "0123456"),
            _first(lists, f"hours-{n}-starts"),
            _first(lists, f"hours-{n}-ends"),
        )
        for n in numbers
    ]


def moved(people: Sequence[str], edit: str) -> list[str]:
    """The order after a button such as `up-2`, `down-0`, `drop-1`; one that points nowhere changes nothing."""
    verb, _, number = edit.partition("-")
    held = list(people)
    at = int(number) if number.isdigit() and int(number) < len(held) else -1
    if verb == "drop" and at >= 0:
        del held[at]
    other = at - 1 if verb == "up" else at + 1
    if verb in ("up", "down") and at >= 0 and 0 <= other < len(held):
        held[at], held[other] = held[other], held[at]
    return held


def with_a_free_row(rows: Sequence[HoursRow]) -> list[HoursRow]:
    """The rows that are used, and one to be filled."""
    used = [row for row in rows if row.days]
    return [*used, HoursRow()] if len(used) < MAX_HOURS else used


def _lengths(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and len(part) < 5 for part in parts):
        raise ScheduleError({"rotation": f"Write a number, or several with commas between. You wrote {text}."})
    return tuple(map(int, parts))


def _raw(row: HoursRow) -> dict[str, Any]:
    return {"starts": row.starts, "ends": row.ends, "days": [int(day) for day in row.days]}


def _is_row(key: str) -> bool:
    parts = key.split("-")
    return len(parts) == 3 and parts[0] == "hours" and parts[1].isdigit() and int(parts[1]) <= MAX_HOURS


def _first(lists: Mapping[str, Sequence[str]], key: str) -> str:
    return next(iter(lists.get(key, ())), "")
