"""Meta-tests: a new model must say what it is. Configuration is tracked; the rest is listed here, with the reason."""

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import connection, models

from ledger import append_only
from ledger.checks import tracked_models
from ledger.tracked import Tracked

OURS = ("ledger", "accounts", "monitors", "oncall", "incidents", "statuspage", "postmortems", "evidence", "config")

# Why a model that is neither configuration nor append-only may be changed without a history of its own.
RUNTIME = {
    "accounts.IdempotencyKey": "the stored answer to a repeated API request; kept for a day",
    "accounts.Invitation": "a link usable once; sending and using it are lines of the ledger",
    "accounts.Letter": "a mail on its way; what it says is an invitation or a reset, recorded as such",
    "accounts.SetupLink": "the link of the first run; using it is a line of the ledger",
    "accounts.Verification": "one try to prove a contact; its outcome is a version of the contact",
    "evidence.AuditHour": "bits of the running hour; a finished one is a line of the ledger and stays",
    "evidence.AuditorState": "whose turn it is, and how the last audit went; findings and hours are the record",
    "evidence.DeadManState": "whether a ping is due and how the last went; what withheld it is a finding",
    "evidence.SelfCheckFinding": "seen again each minute; its opening and its end are lines",
    "evidence.SealLetter": "a seal on its way to an anchor; that it left, or could not, is a line of the ledger",
    "incidents.Alert": "state under lock; every change of it is a line of the ledger",
    "incidents.Incident": "state under lock; every change is a timeline entry, which only grows, and a line",
    "incidents.IncidentCounter": "the last number given in a year",
    "incidents.WebhookCursor": "up to which line of the ledger events were made",
    "incidents.WebhookDelivery": "the outbox: planned, sent, ended; its end is a line",
    "incidents.WebhookEvent": "a body made from a line of the ledger, emptied after 30 days",
    "ledger.Head": "where the chain ends, written with every batch",
    "ledger.Liveness": "signs of life, overwritten every second",
    "monitors.Certificate": "seen again with every check; its first sight and its renewal are lines",
    "monitors.ConditionState": "whether a condition holds, under lock; every change of it is a signal and a line",
    "monitors.HealthDependency": "where it stands by the newest document; every change is a row that only grows, and a line",
    "monitors.HealthReport": "when the newest document came, moved with every check",
    "monitors.Heartbeat": "the memory of the fold; what it came to are intervals, signals and runs",
    "monitors.LocationLife": "when a location was last heard, overwritten every few seconds",
    "monitors.DnsObservation": "seen again with every check; each set of values that is new is a line",
    "monitors.LifeSpan": "the open one grows with every sign; a silence ends it and begins another",
    "monitors.MonitorState": "the judge's memory of the newest results",
    "monitors.PackProgress": "how far packing has come, advanced in the transaction of the packs",
    "monitors.PingBody": "what a job sent, deleted after 30 days; its length and hash stay with the ping",
    "monitors.ProbePlan": "slots on their way to a probe; deleted when the last result is stored",
    "monitors.ProbeSlot": "the timetable, advanced by conditional update",
    "monitors.RemoteRefusal": "how many messages of remote probes were refused on a day; a refused one is a log line",
    "monitors.Result": "a hot table, packed and deleted after 48 hours",
    "monitors.StateInterval": "the open one grows with every result; triggers of its own keep closed ones as they are",
    "monitors.Voice": "what a location last said of a monitor; the results behind it are the record",
    "oncall.Attempt": "completed after the call and ranked by callbacks, which only grow; its outcome is a line",
    "oncall.Exercise": "answered and ended once; each is a line",
    "oncall.ProviderAccount": "what a provider said last; a change of it is a line",
    "oncall.InboundTap": "marked when it was handled; what it did is a line",
    "oncall.InboundKey": "marked when it was handled; what it did is a line",
    "oncall.InboundSms": "marked when it was handled; what it did is a line",
    "oncall.Page": "the outbox: claimed, sent, ended; each of these is a line",
    "oncall.PhoneCode": "the small numbers of an SMS, reused",
    "oncall.ProviderPace": "one row a channel, when its account takes the next message",
    "oncall.Run": "state under lock; every change of it is a line",
    "oncall.Swap": "state under lock; every step of it is a line with who took it",
    "postmortems.ActionCounter": "the last number of an action item given in a year",
}


def ours():
    return [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in OURS]


def grows_only(model):
    return model in {protected for protected, _ in append_only.protected_models()}


@pytest.mark.parametrize("model", ours(), ids=lambda m: m._meta.label)
def test_a_model_is_configuration_or_append_only_or_runtime_with_a_reason(model):
    kinds = [issubclass(model, Tracked), grows_only(model), model._meta.label in RUNTIME]
    assert sum(kinds) == 1, f"{model._meta.label}: make it Tracked, declare append_only, or list it with a reason"


def test_the_list_names_no_model_that_is_gone():
    assert set(RUNTIME) <= {model._meta.label for model in ours()}


def test_every_tracked_model_keeps_the_rules_of_the_base():
    assert [message for message in run_checks() if message.id.startswith("ledger.E")] == []


def test_public_ids_have_a_prefix_of_their_own():
    prefixes = {}
    for model in ours():
        for field in model._meta.concrete_fields:
            if getattr(field, "prefix", None) and field.unique:
                assert field.prefix not in prefixes, f"{model._meta.label} and {prefixes[field.prefix]}"
                prefixes[field.prefix] = model._meta.label


@pytest.mark.django_db
def test_every_table_that_only_grows_is_guarded():
    assert append_only.missing(connection) == []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
                "WHERE tgenabled = 'A' AND starts_with(tgname, 'append_only')"
            )
        else:
            cursor.execute(
                "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'append_only*'"
            )
        guarded = {table for (table,) in cursor.fetchall()}
    assert {model._meta.db_table for model, _ in append_only.protected_models()} == guarded


@pytest.mark.parametrize("model", tracked_models(), ids=lambda m: m._meta.label)
def test_history_holds_no_encrypted_field_and_no_field_the_model_keeps_out(model):
    held = {field.name for field in model.history.model.tracked_fields}
    assert not held & set(model.untracked_fields)
    encrypted = {f.name for f in model._meta.concrete_fields if type(f).__name__.startswith("Encrypted")}
    assert encrypted <= set(model.untracked_fields)


# Field names under which an address, a person's name, free text or a secret tends to arrive.
TELLING = (
    "email",
    "phone",
    "address",
    "password",
    "secret",
    "token",
    "note",
    "text",
    "body",
    "comment",
    "reason",
    "description",
)
STANDS_FOR = ("_mask", "_fingerprint", "_sha256", "_hint", "_hash", "_id")


@pytest.mark.parametrize("model", tracked_models(), ids=lambda m: m._meta.label)
def test_a_tracked_field_with_a_telling_name_stands_for_the_thing_and_is_not_it(model):
    held = [
        f for f in model.history.model.tracked_fields if not isinstance(f, models.BooleanField | models.DateTimeField)
    ]
    telling = [
        f.name
        for f in held
        if any(word in f.name for word in TELLING) and not f.attname.endswith(STANDS_FOR) and f.name != "public_id"
    ]
    assert telling == [], "keep it out (untracked_fields) and let a mask, a fingerprint or a hash stand for it"
