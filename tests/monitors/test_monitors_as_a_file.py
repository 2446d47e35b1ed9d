"""Monitors as one YAML document: what is written comes back unchanged, and nothing happens that was not shown before."""

import pytest
import yaml
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from monitors.exchange import DocumentError, Entry, read, write
from monitors.models import Monitor, Service
from monitors.queries import monitors_in_force
from monitors.services import change_monitor
from monitors.services.exchange import entries_of, plan, take_in
from tests import builders

HEAD = "watchbook: 1\nmonitors:\n"


@pytest.fixture
def shop(db):
    now = clock.now()
    team = builders.team("Platform")
    service = builders.service("Shop", team=team, now=now)
    for n in range(2):
        builders.monitor(f"m{n}", service=service, now=now)
    return now, service, builders.person("Ada Admin", "admin"), builders.person("Mara", "manager", team=team)


def exported():
    return entries_of(list(monitors_in_force()))


def test_an_export_that_is_taken_back_changes_nothing(shop):
    now, _service, ada, _mara = shop
    text = write(exported())
    assert {step.what for step in plan(read(text), by=ada)} == {"same"}
    take_in(read(text), by=ada, now=now, reason="Again")
    assert {one.version for one in Monitor.objects.all()} == {1}


def test_it_says_in_words_what_it_would_change_and_then_does_that(shop):
    now, _service, ada, _mara = shop
    document = yaml.safe_load(write(exported()))
    document["monitors"][0] |= {"interval_s": 300, "rule": {"severity": 1}}
    entries = read(yaml.safe_dump(document))
    step = plan(entries, by=ada)[0]
    assert [(d.label, d.before, d.after) for d in step.differences] == [("Checked every", 60, 300), ("Severity", 2, 1)]
    assert Monitor.objects.get(name="m0").interval_s == 60
    take_in(entries, by=ada, now=now, reason="Quieter")
    changed = Monitor.objects.get(name="m0")
    assert (changed.interval_s, changed.version, Monitor.objects.get(name="m1").version) == (300, 2, 1)


def test_a_new_monitor_comes_with_its_service_and_the_usual_settings(shop):
    now, _service, ada, _mara = shop
    text = HEAD + "- {service: Bank, name: API, kind: http, target: {url: 'https://bank.example/'}}\n"
    (step,) = take_in(read(text), by=ada, now=now, reason="From a file")
    made = Monitor.objects.get(service__name="Bank")
    assert (step.what, step.refused, made.interval_s, made.address) == ("new", "", 60, "https://bank.example/")
    assert {one.what for one in plan(read(text), by=ada)} == {"same"}


def test_what_is_not_in_it_stays_and_secrets_stay_too(shop):
    now, _service, ada, _mara = shop
    one = Monitor.objects.get(name="m0")
    change_monitor(one, {"secrets": {"bearer": "sesame-sesame"}}, now=now, reason="Test")
    text = write(exported())
    assert "sesame" not in text
    take_in(read(text.replace("interval_s: 60", "interval_s: 120")), by=ada, now=now, reason="Slower")
    assert Monitor.objects.get(name="m0").secrets == {"bearer": "sesame-sesame"}
    take_in(read("watchbook: 1\nmonitors: []\n"), by=ada, now=now, reason="Empty")
    assert monitors_in_force().count() == 2


def test_one_that_is_refused_stops_none_of_the_others(shop):
    now, _service, _ada, mara = shop
    foreign = builders.service("Bank", team=builders.team("Elsewhere"), now=now)
    builders.monitor("API", service=foreign, now=now)
    document = {"watchbook": 1, "monitors": [
        {"service": "Bank", "name": "API", "kind": "http", "interval_s": 30},
        {"service": "Shop", "name": "m0", "kind": "dns", "target": {"name": "a.example"}},
        {"service": "Shop", "name": "m1", "kind": "http", "interval_s": 30},
        {"service": "Shop", "name": "m2", "kind": "telepathy"},
        {"service": "Shop", "name": "m3", "kind": "http", "target": {"url": "ftp://a.example/"}},
        {"service": "Shop", "name": "m4", "kind": "http", "target": {"uri": "x"}},
        {"service": "Shop", "name": "m5", "kind": "http", "team": "Nobody", "target": {"url": "https://a.example/"}},
        {"service": "Shop", "name": "m6", "kind": "http", "interval_s": "soon", "target": {"url": "https://a.example/"}},
    ]}  # fmt: skip
    steps = take_in(read(yaml.safe_dump(document)), by=mara, now=now, reason="Test")
    assert [bool(step.refused) for step in steps] == [True, True, False, True, True, True, True, True]
    assert Monitor.objects.get(name="m1").interval_s == 30
    assert Service.objects.count() == 2


BOMB = "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nwatchbook: 1\nmonitors: []\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must begin with"),
        ("- 1", "must begin with"),
        ("watchbook: 2\nmonitors: []", "must begin with"),
        (HEAD + "- {service: A, name: [", "Line 3"),
        (BOMB, "no aliases"),
        ("watchbook: 1\nmonitors: " + "[" * 50, "nested deeper"),
        (HEAD + "- !!python/object/apply:os.system ['true']", "Line 3"),
        (HEAD + "- {service: A, name: B, kind: http, retire: yes}", "retire is not known"),
        (HEAD + "- {name: B, kind: http}", "`service` is missing"),
        (HEAD + "- {service: A, name: 7, kind: http}", "`name` is missing"),
        (HEAD + "- {service: A, name: B, kind: http, target: 4}", "sets of names"),
        (HEAD + "- {service: A, name: B, kind: http}\n- {service: a, name: b, kind: dns}", "twice"),
        (HEAD + "- {service: A, name: 2026-99-99, kind: http}", "is none"),
        ("watchbook: 1\nmonitors: " + "#" * 300_001, "bytes"),
        (HEAD + "- {service: A, name: B, kind: http}\n" * 1001, "at most 1,000"),
    ],
)
def test_what_cannot_be_used_is_refused_as_a_whole_with_its_place(text, says):
    with pytest.raises(DocumentError, match=says):
        read(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        assert read(HEAD + text) is not None
    except DocumentError as error:
        assert str(error)


words = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20)


@given(st.lists(st.tuples(words, words), unique_by=lambda pair: (pair[0].casefold(), pair[1].casefold()), max_size=5))
def test_what_is_written_is_read_back(pairs):
    entries = [
        Entry(service, name, "http", None, {"interval_s": 60, "severity": 2}, {"url": name}) for service, name in pairs
    ]
    assert read(write(entries)) == entries


def test_the_page_shows_then_does_and_the_file_is_offered(shop):
    _now, _service, ada, _mara = shop
    client = Client()
    client.force_login(ada)
    text = client.get("/monitors/export.yaml").content.decode().replace("interval_s: 60", "interval_s: 90", 1)
    shown = client.post("/monitors/import/", {"document": text, "reason": "Slower"}).content.decode()
    assert "Nothing has happened yet" in shown and "Checked every: 60 → 90" in shown
    assert not Monitor.objects.filter(interval_s=90).exists()
    client.post("/monitors/import/", {"document": text, "reason": "Slower", "confirmed": "yes"})
    assert Monitor.objects.get(interval_s=90).name == "m0"
    refused = client.post("/monitors/import/", {"document": BOMB, "reason": "x"})
    assert refused.status_code == 422 and "no aliases" in refused.content.decode()
