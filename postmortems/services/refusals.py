"""Why a change of a post-mortem or an action item was refused; nothing was saved then."""

from __future__ import annotations

from incidents.services.work import BadInput
from postmortems.models import PostMortem, SectionVersion

__all__ = ["AlreadyStarted", "BadInput", "Incomplete", "StaleSection", "StaleText"]


class AlreadyStarted(ValueError):
    """The incident has its post-mortem; `postmortem` is it."""

    def __init__(self, postmortem: PostMortem) -> None:
        super().__init__(f"{postmortem.incident.number} has its post-mortem already: {postmortem}.")
        self.postmortem = postmortem


class Incomplete(ValueError):
    """Something is missing before it can be approved; `problems` has a sentence by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class StaleSection(ValueError):
    """Somebody saved the section since its author opened it; `latest` is what they saved."""

    field = "version"

    def __init__(self, latest: SectionVersion) -> None:
        super().__init__(
            f"{latest.author} saved this section meanwhile, as version {latest.version}. "
            "Nothing of yours is saved yet; compare, then save again."
        )
        self.latest = latest


class StaleText(ValueError):
    """The text changed since the approver read it."""

    field = "sha256"

    def __init__(self) -> None:
        super().__init__("The text changed since you opened it. Nothing was published; read it again.")
