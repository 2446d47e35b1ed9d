"""Contact rules: how one person wants to be paged for one urgency."""

from __future__ import annotations

from django.db import models

from accounts.contact_rules import URGENCIES, OptOut, PersonalRules, Rule
from accounts.models.people import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked


class ContactRules(Tracked):
    """One person, one urgency; nothing in force means that every confirmed contact is paged at once.

    `rules`: `[{"contact": "cht_…", "delay_s": 60}]` in order of time. `opt_outs`: `[{"contact": "cht_…", "reason_sha256":
    "…"}]`; an empty contact is the person. The reasons are free text, kept beside the ledger under their hash.
    """

    public_id = PublicIdField(prefix="crl")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contact_rules")
    urgency = models.CharField(max_length=8)
    rules = models.JSONField(default=list)
    opt_outs = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "contact rules"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "urgency"],
                condition=models.Q(retired_at__isnull=True),
                name="contact_rules_once",
            )
        ]

    def __str__(self) -> str:
        return f"{URGENCIES.get(self.urgency, self.urgency)} rules"

    @property
    def parsed_rules(self) -> tuple[Rule, ...]:
        """The rules as values, in order of time."""
        return tuple(Rule(one["contact"], one["delay_s"]) for one in self.rules)

    @property
    def parsed_opt_outs(self) -> tuple[OptOut, ...]:
        """The opt-outs as values; `reason` is the hash of the text."""
        return tuple(OptOut(one["contact"], one["reason_sha256"]) for one in self.opt_outs)

    def values(self) -> PersonalRules:
        """The rules as the planner takes them."""
        left_out = {one.contact for one in self.parsed_opt_outs}
        source = f"{self.public_id}@v{self.version}"
        return PersonalRules(source, self.parsed_rules, frozenset(left_out - {""}), "" in left_out)
