"""What people can see or change, programs can too: each model is served by the API, or stands here with the reason why not."""

import pytest

from tests.api import cast
from tests.api.house import build, calls
from tests.ledger.test_every_model import ours

# model → the addresses where its rows are read
SERVED = {
    "accounts.AllowedNetwork": ("allowed-networks/", "allowed-networks/<pid:public_id>/"),
    "accounts.ApiToken": ("tokens/", "tokens/<pid:public_id>/"),
    "accounts.ContactMethod": ("contact-methods/", "contact-methods/<pid:public_id>/"),
    "accounts.ContactRules": ("contact-rules/", "contact-rules/<pid:public_id>/"),
    "accounts.LegalHold": ("legal-holds/", "legal-holds/<pid:public_id>/"),
    "accounts.Membership": ("memberships/", "memberships/<pid:public_id>/"),
    "accounts.Organisation": ("organisation/",),
    "accounts.Team": ("teams/", "teams/<pid:public_id>/"),
    "accounts.User": ("people/", "people/<pid:public_id>/"),
    "evidence.Anchor": ("anchors/", "anchors/<pid:public_id>/"),
    "evidence.AuditHour": ("self-checks/hours/",),
    "evidence.ClockReading": ("clock-readings/",),
    "evidence.DeadMan": ("dead-man/",),
    "evidence.Pack": ("packs/", "packs/<pid:public_id>/"),
    "evidence.SelfCheckFinding": ("self-checks/", "self-checks/<pid:public_id>/"),
    "incidents.Alert": ("alerts/", "alerts/<pid:public_id>/"),
    "incidents.Incident": ("incidents/", "incidents/<number:number>/"),
    "incidents.Route": ("routes/", "routes/<pid:public_id>/"),
    "incidents.TimelineEntry": ("incidents/<number:number>/timeline/",),
    "incidents.WebhookDelivery": ("webhooks/<pid:public_id>/deliveries/", "webhook-deliveries/<pid:public_id>/"),
    "incidents.WebhookEndpoint": ("webhooks/", "webhooks/<pid:public_id>/"),
    "ledger.Entry": ("ledger/", "ledger/<seq:seq>/"),
    "ledger.PurgeRecord": ("purge-records/", "purge-records/<pid:public_id>/"),
    "ledger.Seal": ("seals/", "seals/<pid:public_id>/"),
    "ledger.SealKey": ("seal-keys/",),
    "monitors.Badge": ("badges/", "badges/<pid:public_id>/"),
    "monitors.ContinuityDay": ("continuity/",),
    "monitors.Certificate": ("certificates/", "certificates/<pid:public_id>/"),
    "monitors.DnsObservation": ("dns-observations/", "dns-observations/<pid:public_id>/"),
    "monitors.HealthChange": ("health-changes/",),
    "monitors.HealthDependency": ("health-dependencies/", "health-dependencies/<pid:public_id>/"),
    "monitors.HeartbeatRun": ("monitors/<pid:public_id>/runs/",),
    "monitors.ControlMeasurement": ("control-measurements/",),
    "monitors.LifeSpan": ("life-spans/",),
    "monitors.Adjustment": ("adjustments/", "adjustments/<pid:public_id>/"),
    "monitors.DailyAvailability": ("daily-availability/",),
    "monitors.MonthlyAvailability": ("monthly-availability/", "monthly-availability/<pid:public_id>/"),
    "monitors.Location": ("locations/", "locations/<pid:public_id>/"),
    "monitors.MaintenanceSpan": ("maintenance-spans/", "maintenance-spans/<pid:public_id>/"),
    "monitors.MaintenanceWindow": ("maintenance-windows/", "maintenance-windows/<pid:public_id>/"),
    "monitors.MonitoringGap": ("monitoring-gaps/", "monitoring-gaps/<pid:public_id>/"),
    "monitors.Monitor": ("monitors/", "monitors/<pid:public_id>/"),
    "monitors.Ping": ("pings/", "pings/<seq:seq>/"),
    "monitors.PingKey": ("ping-keys/", "ping-keys/<pid:public_id>/"),
    "monitors.Result": ("monitors/<pid:public_id>/results/",),
    "monitors.Rule": ("rules/", "rules/<pid:public_id>/"),
    "monitors.SLA": ("slas/", "slas/<pid:public_id>/"),
    "monitors.Service": ("services/", "services/<pid:public_id>/"),
    "monitors.Signal": ("signals/", "signals/<pid:public_id>/"),
    "monitors.StateInterval": ("monitors/<pid:public_id>/intervals/",),
    "monitors.System": ("systems/", "systems/<pid:public_id>/"),
    "oncall.AbsenceCalendar": ("absence-calendars/", "absence-calendars/<pid:public_id>/"),
    "oncall.CalendarFeed": ("calendar-feeds/", "calendar-feeds/<pid:public_id>/"),
    "oncall.Callback": ("pages/<pid:public_id>/callbacks/",),
    "oncall.Canary": ("canary/",),
    "oncall.CatchAll": ("catch-all/",),
    "oncall.Exercise": ("exercises/", "exercises/<pid:public_id>/"),
    "oncall.LayerMembers": ("layer-members/", "layer-members/<pid:public_id>/"),
    "oncall.OnCallCorrection": ("on-call-corrections/", "on-call-corrections/<pid:public_id>/"),
    "oncall.OnCallInterval": ("on-call-intervals/", "on-call-intervals/<pid:public_id>/"),
    "oncall.Override": ("overrides/", "overrides/<pid:public_id>/"),
    "oncall.ContactTest": ("contact-tests/", "contact-tests/<pid:public_id>/"),
    "oncall.Notice": ("notices/", "notices/<pid:public_id>/"),
    "oncall.Page": ("pages/", "pages/<pid:public_id>/"),
    "oncall.Policy": ("policies/", "policies/<pid:public_id>/"),
    "oncall.Run": ("runs/", "runs/<pid:public_id>/"),
    "oncall.Schedule": ("schedules/", "schedules/<pid:public_id>/"),
    "oncall.ScheduleLayer": ("schedule-layers/", "schedule-layers/<pid:public_id>/"),
    "oncall.Swap": ("swaps/", "swaps/<pid:public_id>/"),
    "postmortems.ActionItem": ("action-items/", "action-items/<act:number>/"),
    "postmortems.PostMortem": ("post-mortems/", "post-mortems/<pm:number>/"),
    "postmortems.Publication": ("post-mortems/<pm:number>/publications/",),
    "postmortems.SectionVersion": ("post-mortems/<pm:number>/texts/",),
    "statuspage.Component": ("components/", "components/<pid:public_id>/"),
    "statuspage.StatusPage": ("status-pages/", "status-pages/<pid:public_id>/"),
    "statuspage.StatusUpdate": ("status-updates/", "status-updates/<pid:public_id>/"),
}
# model → (address, field): told inside the answer about what it belongs to
INSIDE = {
    "monitors.PingBody": ("pings/<seq:seq>/", "body"),
    "incidents.WebhookAttempt": ("webhook-deliveries/<pid:public_id>/", "attempts"),
    "incidents.WebhookEvent": ("webhook-deliveries/<pid:public_id>/", "payload"),
    "monitors.ConditionState": ("monitors/<pid:public_id>/", "conditions"),
    "monitors.GapNote": ("monitoring-gaps/<pid:public_id>/", "notes"),
    "monitors.MonitorState": ("monitors/<pid:public_id>/", "standing"),
    "monitors.HealthReport": ("health-dependencies/<pid:public_id>/", "document"),
    "monitors.LocationLife": ("locations/<pid:public_id>/", "life"),
    "monitors.MonitorLocation": ("monitors/<pid:public_id>/locations/", "locations"),
    "monitors.ServiceSystem": ("services/<pid:public_id>/", "systems"),
    "monitors.Voice": ("monitors/<pid:public_id>/locations/", "locations"),
    "oncall.Attempt": ("pages/<pid:public_id>/", "attempts"),
    "oncall.StepExecution": ("runs/<pid:public_id>/", "steps_taken"),
}
# model → why nobody asks for it
NOT_SERVED = {
    "accounts.IdempotencyKey": "the API's own memory of repeated requests; its answers were given already",
    "accounts.Invitation": "its link opens an account and is in the answer that makes it, once",
    "accounts.Letter": "a mail on its way; its text holds a link that opens an account",
    "accounts.SetupLink": "the link of the first run, before there is anybody who could ask",
    "accounts.Verification": "its code is proved by confirm/; what came of it is the contact's `verified_at`",
    "evidence.AuditorState": "whose turn the next audit is; when the last one ended is in /metrics and on the page System",
    "evidence.DeadManState": "the last ping; dead-man/ tells it",
    "evidence.HourDigest": "that the line of an hour is written; the figures are in the line, `ledger/` tells it",
    "evidence.SealLetter": "a seal on its way to an anchor; anchors/ tells the last one",
    "incidents.IncidentCounter": "the last number given; the numbers of incidents tell it",
    "incidents.WebhookCursor": "up to where events were made; the lag is in /metrics",
    "ledger.Head": "where the chain ends; the last line of ledger/ tells it",
    "ledger.LedgerSubject": "the ids stand in each line; `ledger/?object=` finds by them",
    "ledger.Liveness": "signs of life of our processes; /readyz and /metrics tell them",
    "ledger.Text": "free texts are told where they belong, such as in a timeline or a history",
    "monitors.Heartbeat": "the engine's memory of one; a monitor tells its state, its runs and its next runs",
    "monitors.PackProgress": "how far the packing of hours has come",
    "monitors.ProbePlan": "slots on their way to a probe, for seconds",
    "monitors.ProbeSlot": "the engine's timetable; a monitor tells its interval and its results",
    "monitors.RemoteRefusal": "refused messages by day and reason; /metrics and the page of locations tell them",
    "monitors.ResultPack": "an hour of results in bytes; the monitor's page and its intervals tell what they came to",
    "oncall.ProviderAccount": "how a provider said last that our account stands; a refusal is a finding of self-checks/",
    "oncall.Absence": "when people are away is nobody's business; schedules/{id}/conflicts/ tells where it meets their shifts",
    "oncall.InboundTap": "buttons pressed in chats; what each did is a line of the incident's timeline",
    "oncall.InboundKey": "keys pressed in calls; what each did is a line of the incident's timeline",
    "oncall.InboundSms": "texts of people, encrypted; what each did is a line of the incident's timeline",
    "oncall.PhoneCode": "small numbers in texts, reused",
    "oncall.ProviderPace": "when an account takes the next message; pages show what waits",
    "postmortems.ActionCounter": "the last number given; the numbers of action items tell it",
}
HISTORIES = {f"{call.route}" for call in calls() if call.route.endswith("/history/")}
READ = {call.route for call in calls() if call.method == "get"}


def plain(model):
    return not hasattr(model, "history_type")


@pytest.mark.parametrize("model", [m for m in ours() if plain(m)], ids=lambda m: m._meta.label)
def test_a_model_is_served_or_has_a_reason_not_to_be(model):
    places = [model._meta.label in table for table in (SERVED, INSIDE, NOT_SERVED)]
    assert sum(places) == 1, f"{model._meta.label}: give it an address under /api/v1/, or say why nobody asks for it"


def test_the_tables_name_no_model_that_is_gone():
    assert {*SERVED, *INSIDE, *NOT_SERVED} <= {model._meta.label for model in ours()}


def test_every_address_of_the_table_is_there():
    assert {route for routes in SERVED.values() for route in routes} <= READ
    assert {route for route, _ in INSIDE.values()} <= READ


def test_every_configuration_object_tells_its_history():
    tracked = {model._meta.label for model in ours() if plain(model) and hasattr(model, "history")}
    told = {call.route.partition("/")[0] for call in calls() if call.route in HISTORIES}
    nouns = {SERVED[label][0].partition("/")[0] for label in tracked if label in SERVED} | {
        "service-systems",
        "monitor-locations",
    }
    assert told == nouns


@pytest.mark.django_db
def test_what_is_read_in_the_table_is_given_to_every_member(settings):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10_000, 60))
    house = build()
    viewer = cast.client(house.people["viewer"], "read")
    mine = {"contact-methods/<pid:public_id>/", "tokens/<pid:public_id>/", "calendar-feeds/<pid:public_id>/"}
    routes = sorted({route for routes in SERVED.values() for route in routes} - mine)
    assert {route: viewer.get(house.url(route)).status_code for route in routes} == dict.fromkeys(routes, 200)
    for route, field in INSIDE.values():
        assert field in viewer.get(house.url(route)).json(), route


@pytest.mark.django_db
def test_a_page_is_told_with_its_attempts(settings, world):
    world.breaks("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Checkout API is down")
    caller = cast.client(world.people["Victor"], "read")
    (listed,) = caller.get("/api/v1/pages/", {"origin": "step"}).json()["items"]
    one = caller.get(f"/api/v1/pages/{listed['id']}/").json()
    assert [attempt["outcome"] for attempt in one["attempts"]] == ["accepted"]
