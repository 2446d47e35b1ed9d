"""Every promise of the house, app by app: what the auditor holds against the facts each minute."""

from __future__ import annotations

from accounts import selfcheck as accounts
from config import selfcheck as config
from evidence import selfcheck as evidence
from incidents import selfcheck as incidents
from ledger import selfcheck as ledger
from ledger.promises import Promise
from monitors import selfcheck as monitors
from oncall import selfcheck as oncall
from statuspage import selfcheck as statuspage

PROMISES: tuple[Promise, ...] = (
    *config.PROMISES,
    *evidence.PROMISES,
    *statuspage.PROMISES,
    *incidents.PROMISES,
    *oncall.PROMISES,
    *monitors.PROMISES,
    *accounts.PROMISES,
    *ledger.PROMISES,
)
