"""Who would have been called for each service and severity, worked out for the instant of a pack (CF-3).

That there is a policy must not hide that it leads to nobody, so every cell is followed down to people and channels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from accounts.evidence import as_of_words, public_ids
from incidents.models import Route
from incidents.queries import leading
from ledger.evidence import NO_THREAD, version_threads
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from monitors.models import Service
from oncall.escalation.targets import target_kind
from oncall.evidence_policies import NOBODY, RESOLVED, RESOLVED_WORDS, Stand, resolved_cells, stands_as_of
from oncall.models import CatchAll, Policy
from oncall.subject import SEVERITIES

CELLS = (
    "as_of", "route_id", "route_version", "service_id", "severity", "policy_id", "policy_version", "repeat", "step_no", "delay_s",
    "target_type", "target_id", "resolved_user_id", *RESOLVED, "last_modified_at", "last_modified_by",
)  # fmt: skip
CATCH_ALL = "catch_all"


def routing_cells_table(scope: Scope, services: Collection[str] | None = None) -> Table:
    """Every service in force (of these, by public id, if given) at every severity, down to people; one row a step and person."""

    def rows() -> Iterator[Row]:
        routes = routes_as_of(scope)
        policies = public_ids(Policy, [row.policy_id for row in routes])
        steps: dict[str, list[Stand]] = defaultdict(list)
        for one in stands_as_of(scope, sorted(policies.values())):
            steps[one.policy.public_id].append(one)
        last = _catch_all(scope)
        threads = version_threads("route", {row.public_id: row.version for row in routes})
        held = [row for row in as_of(Service, scope.as_of) if row.retired_at is None]
        for service in held:
            if services is not None and service.public_id not in services:
                continue
            for severity in SEVERITIES:
                route = leading(routes, service.id, severity)
                ladder = steps[policies[route.policy_id]] if route else last
                thread = threads.get(route.public_id, NO_THREAD) if route else NO_THREAD
                for one in ladder:
                    yield (scope.as_of, *_cells(route, service.public_id, severity, one), *thread)

    words = as_of_words(
        "Each service at each severity with the route that applied and whom each step would have called,"
    )
    words += " Without a route that leads to a policy in force the catch-all is called at once." + RESOLVED_WORDS
    return Table("02_config/routing_resolved_as_of", CELLS, rows, "routing_resolved_as_of", words, scope.at)


def routes_as_of(scope: Scope) -> list[Any]:
    """History rows of the routes in force at the instant of the scope whose policy was in force too."""
    policies = {row.id for row in as_of(Policy, scope.as_of) if row.retired_at is None}
    held = [row for row in as_of(Route, scope.as_of) if row.retired_at is None]
    return [row for row in held if row.policy_id in policies]


def _cells(route: Any | None, service: str, severity: int, one: Stand) -> tuple[object, ...]:
    if route is None:
        head, kind = (None, None, service, severity, None, None, None), CATCH_ALL
    else:
        p = one.policy
        head = (route.public_id, route.version, service, severity, p.public_id, p.version, p.repeat)
        kind = target_kind(one.target)
    changed = (route.history_date, route.actor_id or route.actor_kind) if route else (None, None)
    return (*head, one.number, one.step["delay_s"], kind, one.target, one.person, *one.cells, *changed)


def _catch_all(scope: Scope) -> list[Stand]:
    """The catch-all as one step; nobody in it is a row without a person."""
    people = [(row, person) for row in as_of(CatchAll, scope.as_of) for person in row.people] or [(None, None)]
    reached = resolved_cells((person for _, person in people if person), scope.as_of)
    return [
        Stand(None, 1, {"delay_s": 0}, row.public_id if row else "", person, reached.get(person or "", NOBODY))
        for row, person in people
    ]
