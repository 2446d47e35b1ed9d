"""The form of contact rules: rows of a contact and a time, and what is left out on purpose, without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.contact_rules import LOW, MAX_REASON, MAX_RULES, Held, RulesError, parse
from accounts.forms.changes import ChangeForm
from accounts.forms.fields import ReasonField
from accounts.models import ContactMethod, ContactRules
from ledger.texts import REMOVED, read_many
from oncall.escalation.who import channel_of
from oncall.forms.rows import Edit
from oncall.reached import contact_name
from oncall.reachwords import after_words

# Seconds after the step that a row offers; others, set over the API, are offered where they stand.
DELAYS = (0, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600)
# When each channel is first suggested to somebody who has no rules yet: what makes no noise first.
SUGGESTED = {"sms": 60, "voice": 180}
WHOLE = "all"


@dataclass(frozen=True)
class RuleRow:
    """One rule as it was typed: the public id of a contact, and seconds as text."""

    contact: str = ""
    delay: str = "0"


@dataclass(frozen=True)
class ShownRule:
    """A row as the page draws it: what could be chosen, what is, and what is wrong with it."""

    index: int
    contacts: list[tuple[str, str, bool]]
    delays: list[tuple[str, str, bool]]
    errors: list[str]

    @property
    def number(self) -> int:
        """Rules are counted from 1."""
        return self.index + 1


@dataclass(frozen=True)
class LeftOut:
    """One thing that can be left out on purpose: a contact, or with `key` `all` the person; `reason` as typed."""

    key: str
    name: str
    chosen: bool = False
    reason: str = ""
    error: str = ""

    @property
    def contact(self) -> str:
        """The public id as rules keep it; empty is the person."""
        return "" if self.key == WHOLE else self.key


class RulesForm(ChangeForm):
    """Rules and opt-outs of one person for one urgency. `rules` and `opt_outs` hold what was typed, for the service."""

    reason = ReasonField(label="Reason for the change")
    field_order = ("reason", "version")

    def __init__(
        self,
        *args: Any,
        urgency: str,
        contacts: Sequence[ContactMethod],
        rows: Sequence[RuleRow],
        left_out: Sequence[LeftOut],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.urgency, self.rows, self.left_out = urgency, list(rows), list(left_out)
        self.held = {one.public_id: Held(str(one), one.verified_at is not None) for one in contacts}
        self.choices = [(one.public_id, choice_of(one)) for one in contacts if one.verified_at]
        self.problems: dict[str, str] = {}

    @property
    def rules(self) -> list[dict[str, Any]]:
        """As the service takes them; a delay that is no number is out of bounds. Who is not paged at all needs none."""
        if any(one.chosen and one.key == WHOLE for one in self.left_out):
            return []
        return [
            {"contact": row.contact, "delay_s": int(row.delay) if row.delay.isdecimal() else -1} for row in self.rows
        ]

    @property
    def opt_outs(self) -> list[dict[str, Any]]:
        """Those that are ticked."""
        return [{"contact": one.contact, "reason": one.reason} for one in self.left_out if one.chosen]

    def clean(self) -> dict[str, Any]:
        """Judge by the rules' own rules; sentences land on the row."""
        data = super().clean() or self.cleaned_data
        try:
            parse(self.urgency, self.rules, self.opt_outs, self.held)
        except RulesError as error:
            self.refuse(error)
        return data

    def refuse(self, error: RulesError) -> None:
        """Say on each row what the rules' own rules say of it, and the rest above the form."""
        self.problems = error.problems
        ticked = [index for index, one in enumerate(self.left_out) if one.chosen]
        for number, index in enumerate(ticked):
            said = [why for field, why in self.problems.items() if field.split(".")[:2] == ["opt_outs", str(number)]]
            self.left_out[index] = replace(self.left_out[index], error=" ".join(said))
        whole = [self.problems[field] for field in ("rules", "opt_outs", "urgency") if field in self.problems]
        self.add_error(None, " ".join(whole) or "Look at the rows: one of them cannot be kept.")

    def shown_rows(self) -> list[ShownRule]:
        """The rows for the template."""
        return [self._shown(index, row) for index, row in enumerate(self.rows)]

    def _shown(self, index: int, row: RuleRow) -> ShownRule:
        chosen = int(row.delay) if row.delay.isdecimal() else 0
        delays = sorted({*DELAYS, chosen})
        return ShownRule(
            index,
            [(key, name, key == row.contact) for key, name in self.choices],
            [(str(delay), after_words(delay).capitalize(), delay == chosen) for delay in delays],
            [why for field, why in self.problems.items() if field.split(".")[:2] == ["rules", str(index)]],
        )


class FirstRulesForm(RulesForm):
    """The same where nothing is written yet: no reason, no version."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


def choice_of(contact: ContactMethod) -> str:
    """A contact in a list: `SMS +44 … 01 (private)`."""
    return f"{contact.get_kind_display()} {contact_name(contact)}"


def rows_of(held: ContactRules | None, contacts: Sequence[ContactMethod]) -> list[RuleRow]:
    """The rules in force as they are edited; where there are none, a suggestion that nobody has saved."""
    if held is not None:
        return [RuleRow(rule.contact, str(rule.delay_s)) for rule in held.parsed_rules]
    usable = [one for one in contacts if one.verified_at and not one.unhealthy_since]
    wanted = [(SUGGESTED.get(channel_of(one.kind), 0), one.public_id) for one in usable]
    earliest = min((delay for delay, _ in wanted), default=0)
    return [RuleRow(contact, str(delay - earliest)) for delay, contact in sorted(wanted)][:MAX_RULES]


def left_out_of(held: ContactRules | None, contacts: Sequence[ContactMethod], urgency: str) -> list[LeftOut]:
    """What can be left out, with what is; low urgency can be left out whole."""
    out = {one.contact: one.reason for one in held.parsed_opt_outs} if held else {}
    texts = read_many(set(out.values()))
    offered = [(WHOLE, "Do not page at all for low urgency")] if urgency == LOW else []
    offered += [(one.public_id, choice_of(one)) for one in contacts]
    return [
        LeftOut(key, name, contact in out, texts.get(out[contact], REMOVED) if contact in out else "")
        for key, name in offered
        for contact in ("" if key == WHOLE else key,)
    ]


def read_rules(lists: Mapping[str, Sequence[str]]) -> list[RuleRow]:
    """Rows out of posted lists named `rule-<n>-contact` and `rule-<n>-delay`, in the order of n."""
    numbers = sorted({int(key.split("-")[1]) for key in lists if _is_rule(key)})
    return [RuleRow(_first(lists, f"rule-{n}-contact"), _first(lists, f"rule-{n}-delay")) for n in numbers]


def read_left_out(offered: Sequence[LeftOut], lists: Mapping[str, Sequence[str]]) -> list[LeftOut]:
    """What was ticked and why, out of `out-<key>` and `why-<key>`."""
    return [
        replace(one, chosen=f"out-{one.key}" in lists, reason=_first(lists, f"why-{one.key}")[: MAX_REASON + 1])
        for one in offered
    ]


def apply_edit(rows: Sequence[RuleRow], edit: Edit) -> list[RuleRow]:
    """The rows after the button `add` or `remove-<index>`."""
    changed = list(rows)
    if edit.verb == "add" and len(changed) < MAX_RULES:
        changed.append(RuleRow(changed[-1].contact if changed else "", "300" if changed else "0"))
    elif edit.verb == "remove" and edit.index < len(changed):
        del changed[edit.index]
    return changed


def _is_rule(key: str) -> bool:
    parts = key.split("-")
    return len(parts) == 3 and parts[0] == "rule" and parts[1].isdecimal() and int(parts[1]) < MAX_RULES


def _first(lists: Mapping[str, Sequence[str]], key: str) -> str:
    return next(iter(lists.get(key, ())), "")
