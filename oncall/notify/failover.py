"""Which of several accounts takes the next attempt of a page. Pure: standard library only; told in docs/paging.md, "A second account"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# So many time-outs in a row, of one page or of a provider's last attempts, are no accident.
TIMEOUTS, IN_A_ROW = 2, 3
# What the handset or the network says of one number: another account would hear the same.
OF_THE_HANDSET = frozenset({"30003"})
# A sign-in that is refused may be mended in a minute; with another account nobody has to wait for that.
SIGN_IN = (401, 403)


@dataclass(frozen=True)
class Tried:
    """How an attempt went: its provider, its outcome as the row has it, and the provider's code.

    `blames_contact`: the address was at fault, which another account would find too.
    """

    provider: str
    outcome: str
    code: str = ""
    blames_contact: bool = False
    http_status: int = 0

    @property
    def own_fault(self) -> bool:
        """Whether the provider refused for reasons of its own: an account that is suspended, a number it may not use."""
        if self.http_status in SIGN_IN:
            return True
        return self.outcome == "failed_permanent" and not self.blames_contact and self.code not in OF_THE_HANDSET


def choose(providers: Sequence[str], page: Sequence[Tried], lately: Sequence[Tried]) -> str:
    """Return the provider of the next attempt: the first one that is not out of the question, else the first.

    providers: in order of preference. page: the page's own attempts, oldest first. lately: the newest attempts over this
    channel in the last minutes, newest first.
    """
    for provider in providers:
        if not _refused(provider, page) and not _down(provider, lately):
            return provider
    return next((provider for provider in providers if not _refused(provider, page)), providers[0])


def another(providers: Sequence[str], page: Sequence[Tried]) -> bool:
    """Whether a page that was just refused for good may be given to an account that has not refused it."""
    return bool(page) and page[-1].own_fault and any(not _refused(provider, page) for provider in providers)


def _refused(provider: str, page: Sequence[Tried]) -> bool:
    mine = [tried for tried in page if tried.provider == provider]
    timed_out = len(mine) >= TIMEOUTS and all(tried.outcome == "unknown" for tried in mine[-TIMEOUTS:])
    return timed_out or any(tried.own_fault for tried in mine)


def _down(provider: str, lately: Sequence[Tried]) -> bool:
    """Whether a provider's last attempts were all refused for its own reasons, or timed out."""
    mine = [tried for tried in lately if tried.provider == provider and tried.outcome][:IN_A_ROW]
    return len(mine) == IN_A_ROW and all(tried.own_fault or tried.outcome == "unknown" for tried in mine)
