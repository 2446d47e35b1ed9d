"""Every page of people, monitors, policies and routes × every role: who sees it, who is refused, who is asked to sign in.

A row names the address and one status for everybody, or one a role. For changes (POST) without content the status is
422 for who may make them: the door opened, the form was empty.
"""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.accounts.house import ROLES
from tests.pages import of_schedules
from tests.pages.roles import ADMINS, ALL, EDITORS, NOBODY, OWNER_OR_ADMIN, RESPONDERS, saying

GET = {
    **of_schedules.GET,
    "people/": ALL,
    "people/invite/": ADMINS,
    "people/{colleague}/": ALL,
    "people/{colleague}/policies/": ALL,
    "people/{colleague}/reach/": ALL,
    "people/{colleague}/tests/": saying(ALL, ok=302),
    "people/{colleague}/reach/{urgency}/": EDITORS,
    "people/{stranger}/reach/{urgency}/": ADMINS,
    "people/{colleague}/calendars/": ADMINS,
    "people/usr_nobody/": NOBODY,
    "teams/new/": ADMINS,
    "teams/{team}/": ALL,
    "teams/tea_none/": NOBODY,
    "organisation/": ALL,
    "me/": ALL,
    "me/tokens/": ALL,
    "me/contacts/add/": ALL,
    "me/contacts/{contact}/": NOBODY,
    "password/change/": ALL,
    "sign-out/": ALL,
    "monitors/": ALL,
    "monitors/add/": EDITORS,
    "monitors/add/heartbeat/": EDITORS,
    "monitors/ping-keys/": ALL,
    "monitors/{heartbeat}/": ALL,
    "monitors/{heartbeat}/state/": ALL,
    "monitors/{heartbeat}/edit/": EDITORS,
    "monitors/several/": saying(EDITORS, ok=302),
    "monitors/export.csv": ALL,
    "monitors/export.json": ALL,
    "monitors/export.yaml": ALL,
    "monitors/import/": EDITORS,
    "monitors/{monitor}/": ALL,
    "monitors/{monitor}/state/": ALL,
    "monitors/{monitor}/edit/": EDITORS,
    "monitors/{other_monitor}/edit/": ADMINS,
    "monitors/{monitor}/slow/": EDITORS,
    "monitors/{other_monitor}/slow/": ADMINS,
    "rules/{rule}/": ALL,
    "rules/rul_none/": NOBODY,
    "monitors/{monitor}/depends-on/": EDITORS,
    "monitors/{other_monitor}/depends-on/": ADMINS,
    "monitors/mon_none/": NOBODY,
    "certificates/": ALL,
    "certificates/{certificate}/": ALL,
    "certificates/crt_none/": NOBODY,
    "monitoring/gaps/": ALL,
    "monitoring/gaps/{gap}/": ALL,
    "monitoring/gaps/gap_none/": NOBODY,
    "services/": ALL,
    "services/new/": EDITORS,
    "services/{service}/": ALL,
    "services/{service}/edit/": EDITORS,
    "services/{other_service}/edit/": ADMINS,
    "services/{service}/goes-to/2/": ALL,
    "services/{service}/composition/": EDITORS,
    "services/{other_service}/composition/": ADMINS,
    "agreements/": ALL,
    "agreements/new/": EDITORS,
    "agreements/{agreement}/": ALL,
    "agreements/{agreement}/edit/": EDITORS,
    "agreements/{other_agreement}/edit/": ADMINS,
    "agreements/sla_none/": NOBODY,
    "badges/": ALL,
    "badges/new/": EDITORS,
    "badges/{badge}/": ALL,
    "badges/{badge}/edit/": EDITORS,
    "badges/bdg_none/": NOBODY,
    "systems/": ALL,
    "systems/new/": EDITORS,
    "systems/{system}/": ALL,
    "systems/{system}/edit/": EDITORS,
    "adjustments/": ALL,
    "adjustments/new/": EDITORS,
    "adjustments/{adjustment}/": ALL,
    "adjustments/adj_none/": NOBODY,
    "sealed-months/": ALL,
    "retention/": ALL,
    "retention/holds/{hold}/": ALL,
    "retention/holds/hld_none/": NOBODY,
    "maintenance/": ALL,
    "maintenance/new/": EDITORS,
    "maintenance/{window}/": ALL,
    "maintenance/{window}/edit/": EDITORS,
    "maintenance/{other_window}/edit/": ADMINS,
    "maintenance/mtw_none/": NOBODY,
    "monitors/{monitor}/locations/": EDITORS,
    "monitors/{other_monitor}/locations/": ADMINS,
    "locations/": ALL,
    "locations/new/": ADMINS,
    "locations/{location}/": ALL,
    "locations/{location}/edit/": ADMINS,
    "locations/loc_none/": NOBODY,
    "swaps/": ALL,
    "swaps/new/": RESPONDERS,
    "swaps/{swap}/": ALL,
    "swaps/swp_none/": NOBODY,
    "policies/": ALL,
    "policies/new/": EDITORS,
    "policies/{policy}/": ALL,
    "policies/{policy}/edit/": EDITORS,
    "policies/{other_policy}/edit/": ADMINS,
    "catch-all/": ALL,
    "policies/{policy}/drill/": EDITORS,
    "exercises/": ALL,
    "without/{colleague}/": ALL,
    "without/{policy}/": ALL,
    "without/usr_none/": NOBODY,
    "exercises/canary/": ADMINS,
    "exercises/{exercise}/": ALL,
    "exercises/exc_none/": NOBODY,
    "routes/": ALL,
    "routes/try/": ALL,
    "routes/new/": EDITORS,
    "routes/{route}/": ALL,
    "system/": ALL,
    "status-pages/": ALL,
    "status-pages/new/": EDITORS,
    "status-pages/{status_page}/": ALL,
    "status-pages/{status_page}/preview/": ALL,
    "status-pages/{status_page}/edit/": EDITORS,
    "status-pages/{other_status_page}/edit/": ADMINS,
    "status-pages/{status_page}/components/new/": EDITORS,
    "status-pages/stp_none/": NOBODY,
    "components/{component}/": ALL,
    "components/cmp_none/": NOBODY,
    "incidents/{incident}/updates/": ALL,
    "updates/{update}/correct/": RESPONDERS,
    "updates/upd_none/correct/": NOBODY,
    "webhooks/": ALL,
    "webhooks/new/": EDITORS,
    "webhooks/{webhook}/": ALL,
    "webhooks/{webhook}/edit/": EDITORS,
    "webhooks/{other_webhook}/edit/": ADMINS,
    "webhooks/{common_webhook}/edit/": ADMINS,
    "webhook-deliveries/{delivery}/": ALL,
    "incidents/{incident}/post-mortem/": ALL,
    "postmortems/": ALL,
    "postmortems/action-items/": ALL,
    "postmortems/action-items/{action}/": ALL,
    "postmortems/{postmortem}/": ALL,
    "postmortems/{postmortem}/sections/{section}/": RESPONDERS,
    "postmortems/{postmortem}/versions/{version}/": ALL,
    "postmortems/{postmortem}/revisions/7/": NOBODY,
    "postmortems/PM-1999-0001/": NOBODY,
    "docs/": ALL,
    "docs/install/": ALL,
    "docs/nothing/": NOBODY,
    "docs/pictures/now.png": ALL,
    "ledger/": ALL,
    "ledger/seals/{day}/{ending}/": ALL,
    "ledger/seals/{day}/sig/": ALL,
    "ledger/seals/{day}/jsonl/": ALL,
    "ledger/seals/{day}/exe/": NOBODY,
    "ledger/seals/2019-01-01/seal/": NOBODY,
    "ledger/seals/yesterday/seal/": NOBODY,
    "ledger/keys/{key}/": ALL,
    "ledger/keys/0000/": NOBODY,
    "ledger/anchors/new/": ADMINS,
    "ledger/anchors/{anchor}/": ALL,
    "ledger/anchors/anc_none/": NOBODY,
}

POST = {
    **of_schedules.POST,
    "people/invite/": saying(ADMINS, ok=422),
    "people/{colleague}/role/": saying(ADMINS, ok=422),
    "people/{colleague}/active/": saying(ADMINS, ok=422),
    "people/{colleague}/invitation/": saying(ADMINS, ok=302),
    "people/{colleague}/reach/{urgency}/": saying(EDITORS, ok=422),
    "swaps/new/": saying(RESPONDERS, ok=422),
    "swaps/{swap}/{verb}/": saying(EDITORS, ok=302),
    "calendars/{calendar}/rotate/": NOBODY,
    "calendars/{calendar}/revoke/": OWNER_OR_ADMIN,
    "people/{colleague}/tests/ask/": saying(EDITORS, ok=302),
    "people/{colleague}/reach/{urgency}/drop/": saying(EDITORS, ok=422),
    "people/{stranger}/reach/{urgency}/": saying(ADMINS, ok=422),
    "teams/new/": saying(ADMINS, ok=422),
    "teams/{team}/name/": saying(ADMINS, ok=422),
    "teams/{team}/members/": saying(ADMINS, ok=422),
    "memberships/{membership}/end/": saying(ADMINS, ok=302),
    "organisation/": saying(ADMINS, ok=422),
    "organisation/networks/": saying(ADMINS, ok=422),
    "organisation/networks/{network}/end/": saying(ADMINS, ok=302),
    "monitoring/gaps/{gap}/": saying(RESPONDERS, ok=422),
    "me/": dict.fromkeys(ROLES, 422),
    "me/tokens/": dict.fromkeys(ROLES, 422),
    "me/contacts/add/": dict.fromkeys(ROLES, 422),
    "me/contacts/{contact}/": NOBODY,
    "me/contacts/{contact}/code/": NOBODY,
    "me/contacts/{contact}/secret/": NOBODY,
    "me/contacts/{contact}/test/": NOBODY,
    "theme/": dict.fromkeys(ROLES, 302),
    "tokens/{token}/revoke/": OWNER_OR_ADMIN,
    "contacts/{contact}/remove/": OWNER_OR_ADMIN,
    "monitors/add/check/": saying(EDITORS, ok=422),
    "monitors/add/allow/": saying(ADMINS, ok=422),
    "monitors/add/save/": saying(EDITORS, ok=422),
    "monitors/add/heartbeat/": saying(EDITORS, ok=422),
    "monitors/ping-keys/": saying(EDITORS, ok=422),
    "monitors/ping-keys/{ping_key}/rotate/": saying(EDITORS, ok=422),
    "monitors/ping-keys/{ping_key}/retire/": saying(EDITORS, ok=422),
    "monitors/{heartbeat}/edit/": saying(EDITORS, ok=422),
    "monitors/{heartbeat}/new-key/": saying(EDITORS, ok=422),
    "monitors/{heartbeat}/pause/": saying(EDITORS, ok=422),
    "monitors/add/once/": saying(EDITORS, ok=422),
    "monitors/{monitor}/edit/": saying(EDITORS, ok=422),
    "monitors/{monitor}/pause/": saying(EDITORS, ok=422),
    "monitors/{monitor}/resume/": saying(EDITORS, ok=422),
    "monitors/{monitor}/retire/": saying(EDITORS, ok=422),
    "monitors/{monitor}/slow/": saying(EDITORS, ok=422),
    "rules/{rule}/": saying(EDITORS, ok=422),
    "rules/{rule}/retire/": saying(EDITORS, ok=422),
    "rules/{other_rule}/": saying(ADMINS, ok=422),
    "monitors/{other_monitor}/pause/": saying(ADMINS, ok=422),
    "services/new/": saying(EDITORS, ok=422),
    "services/{service}/edit/": saying(EDITORS, ok=422),
    "services/{service}/retire/": saying(EDITORS, ok=422),
    "services/{service}/composition/": saying(EDITORS, ok=422),
    "agreements/new/": saying(EDITORS, ok=422),
    "agreements/{agreement}/edit/": saying(EDITORS, ok=422),
    "agreements/{agreement}/approve/": saying(EDITORS, ok=422),
    "agreements/{agreement}/retire/": saying(EDITORS, ok=422),
    "agreements/{other_agreement}/approve/": saying(ADMINS, ok=422),
    "badges/new/": saying(EDITORS, ok=422),
    "badges/{badge}/edit/": saying(EDITORS, ok=422),
    "badges/{badge}/key/": saying(EDITORS, ok=422),
    "badges/{badge}/retire/": saying(EDITORS, ok=422),
    "systems/new/": saying(EDITORS, ok=422),
    "systems/{system}/edit/": saying(EDITORS, ok=422),
    "systems/{system}/retire/": saying(EDITORS, ok=422),
    "adjustments/new/": saying(EDITORS, ok=422),
    "adjustments/{adjustment}/approve/": saying(EDITORS, ok=422),
    "adjustments/{adjustment}/refuse/": saying(EDITORS, ok=422),
    "adjustments/{other_adjustment}/approve/": saying(ADMINS, ok=422),
    "retention/": saying(ADMINS, ok=422),
    "retention/holds/{hold}/release/": saying(ADMINS, ok=422),
    "maintenance/new/": saying(EDITORS, ok=422),
    "maintenance/{window}/edit/": saying(EDITORS, ok=422),
    "maintenance/{window}/approve/": saying(EDITORS, ok=422),
    "maintenance/{window}/announce/": saying(EDITORS, ok=422),
    "maintenance/{window}/cancel/": saying(EDITORS, ok=422),
    "maintenance/{other_window}/approve/": saying(ADMINS, ok=422),
    "maintenance/times/{span}/extend/": saying(EDITORS, ok=422),
    "maintenance/times/{span}/end/": saying(EDITORS, ok=422),
    "maintenance/times/{span}/leave-out/": saying(EDITORS, ok=422),
    "monitors/{monitor}/locations/": saying(EDITORS, ok=422),
    "locations/new/": saying(ADMINS, ok=422),
    "locations/{location}/edit/": saying(ADMINS, ok=422),
    "locations/{location}/retire/": saying(ADMINS, ok=422),
    "policies/new/": saying(EDITORS, ok=422),
    "policies/{policy}/edit/": saying(EDITORS, ok=422),
    "policies/{policy}/retire/": saying(EDITORS, ok=422),
    "policies/{other_policy}/edit/": saying(ADMINS, ok=422),
    "catch-all/": saying(ADMINS, ok=422),
    "policies/{policy}/drill/": saying(EDITORS, ok=422),
    "exercises/canary/": saying(ADMINS, ok=422),
    "exercises/canary/send/": saying(ADMINS, ok=302),
    "exercises/{exercise}/end/": saying(EDITORS, ok=302),
    "routes/new/": saying(EDITORS, ok=422),
    "routes/{route}/": saying(EDITORS, ok=422),
    "routes/{route}/retire/": saying(EDITORS, ok=422),
    "routes/{default_route}/": saying(ADMINS, ok=422),
    "system/dead-man/": saying(ADMINS, ok=422),
    "status-pages/new/": saying(EDITORS, ok=422),
    "status-pages/{status_page}/edit/": saying(EDITORS, ok=422),
    "status-pages/{status_page}/retire/": saying(EDITORS, ok=422),
    "status-pages/{other_status_page}/retire/": saying(ADMINS, ok=422),
    "status-pages/{status_page}/components/new/": saying(EDITORS, ok=422),
    "components/{component}/": saying(EDITORS, ok=422),
    "components/{component}/retire/": saying(EDITORS, ok=422),
    "incidents/{incident}/updates/": saying(RESPONDERS, ok=422),
    "updates/{update}/correct/": saying(RESPONDERS, ok=422),
    "webhooks/new/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/edit/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/test/": saying(EDITORS, ok=302),
    "webhooks/{webhook}/rotate/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/pause/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/resume/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/retire/": saying(EDITORS, ok=422),
    "webhooks/{webhook}/replay-failed/": saying(EDITORS, ok=302),
    "webhooks/{other_webhook}/pause/": saying(ADMINS, ok=422),
    "webhooks/{common_webhook}/rotate/": saying(ADMINS, ok=422),
    "webhook-deliveries/{delivery}/replay/": saying(EDITORS, ok=302),
    "incidents/{incident}/post-mortem/": saying(RESPONDERS, ok=302),
    "postmortems/{postmortem}/cause/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/submit/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/send-back/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/publish/": saying(EDITORS, ok=422),
    "postmortems/{postmortem}/correct/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/action-items/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/sections/{section}/": saying(RESPONDERS, ok=422),
    "postmortems/{postmortem}/sections/{section}/preview/": RESPONDERS,
    "postmortems/action-items/{action}/": saying(RESPONDERS, ok=422),
    "postmortems/action-items/{action}/done/": saying(RESPONDERS, ok=422),
    "postmortems/action-items/{action}/verify/": saying(RESPONDERS, ok=302),
    "postmortems/action-items/{action}/reopen/": saying(RESPONDERS, ok=422),
    "postmortems/action-items/{action}/drop/": saying(EDITORS, ok=422),
    "ledger/anchors/new/": saying(ADMINS, ok=422),
    "ledger/anchors/{anchor}/": saying(ADMINS, ok=422),
    "ledger/anchors/{anchor}/retire/": saying(ADMINS, ok=422),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_page_is_read_by_whom_the_table_says(role, house, as_):
    client, ids = as_(role), house.ids
    got = {address: client.get(f"/{address.format(**ids)}").status_code for address in GET}
    assert got == {address: statuses[role] for address, statuses in GET.items()}


@pytest.mark.parametrize("role", ROLES)
def test_a_change_is_made_by_whom_the_table_says(role, house, as_):
    client, ids = as_(role), house.ids
    got = {address: client.post(f"/{address.format(**ids)}").status_code for address in POST}
    assert got == {address: statuses[role] for address, statuses in POST.items()}


def test_a_stranger_is_sent_to_the_sign_in_page(house, as_):
    client, ids = as_("nobody"), house.ids
    for address in {*GET, *POST} - {"sign-out/"}:
        answer = client.get(f"/{address.format(**ids)}")
        assert (address, answer.status_code, answer.headers.get("Location", "")[:14]) == (
            address,
            302,
            "/sign-in/?next",
        )


def names(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, f"{prefix}{pattern.pattern}")
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.pattern}", pattern.callback.__module__


def test_the_table_names_every_page_of_ours():
    ours = (
        "accounts.views", "monitors.views", "oncall.views", "incidents.views.routes", "incidents.views.webhook",
        "statuspage.views", "postmortems.views", "evidence.views",
    )  # fmt: skip
    written = {shape(address) for address in [*GET, *POST]}
    missing = {
        path
        for path, module in names(get_resolver().url_patterns)
        if module.startswith(ours)
        and not path.startswith(("join/", "api/", "status/", "badge/", "calendar/"))
        and shape(path) not in written
    }
    assert missing == {"monitors/<str:public_id>/check/"}


def shape(address):
    """`monitors/{monitor}/edit/` and `monitors/<str:public_id>/edit/` as `monitors/*/edit/`."""
    parts = address.partition("?")[0].strip("/").split("/")
    return "/".join(
        "*"
        if part[0] in "{<"
        or part[:4] in ("usr_", "tea_", "sch_", "mon_", "mtw_", "hld_", "adj_", "PM-1")
        or part.isdigit()
        else part
        for part in parts
    )
