"""Tags of monitors, and the list that is narrowed, grouped and taken away as a file."""

import csv
import io
import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.history import changes_of
from ledger import clock
from monitors.exchange import Entry, read, write
from monitors.listing import Filter, grouped, narrowed, page_of
from monitors.models import Monitor
from monitors.models.lookups import tagged
from monitors.overview import monitors_in_force, rows
from monitors.services import change_monitor
from monitors.services.bulk import CHANGE, Wish, carry_out, preview
from monitors.tags import MOST, TagError, read_tags, split
from tests import builders


def test_tags_are_small_words_each_once_in_order():
    assert read_tags(split("Prod, eu;team:web  prod")) == ["eu", "prod", "team:web"]
    assert read_tags(["münchen", "v1.2/a-b_c"]) == ["münchen", "v1.2/a-b_c"]


@pytest.mark.parametrize("word", ["=cmd()", "-x", "a b", "", "_", "x" * 41, '"', "<b>", "a,b"])
def test_what_is_no_tag_is_refused_with_the_word(word):
    with pytest.raises(TagError, match="A tag is a word of at most 40"):
        read_tags([word])


def test_a_monitor_has_only_so_many_tags():
    with pytest.raises(TagError, match=f"at most {MOST} tags; these are {MOST + 1}"):
        read_tags([f"t{n}" for n in range(MOST + 1)])


@given(st.text(max_size=200))
def test_any_line_gives_tags_that_are_read_back_or_a_sentence(text):
    try:
        tags = read_tags(split(text))
    except TagError as error:
        assert str(error)
    else:
        assert read_tags(split(", ".join(tags))) == tags


def test_a_document_carries_tags_and_says_nothing_where_there_are_none():
    entries = [Entry("S", "a", "http", tags=["eu", "prod"]), Entry("S", "b", "http")]
    assert read(write(entries)) == entries
    assert write(entries).count("tags:") == 1


@pytest.fixture
def shop(db):
    now = clock.now()
    ours, theirs = builders.team("Platform"), builders.team("Elsewhere")
    service, other = builders.service("Shop", team=ours, now=now), builders.service("Bank", team=theirs, now=now)
    builders.monitor("Cart", service=service, now=now, tags=["prod", "eu"])
    builders.monitor("Pay", service=service, now=now, tags=["prod"])
    builders.monitor("Ledger", service=other, now=now)
    builders.heartbeat(service=other, now=now)
    return now


def named(name):
    return Monitor.objects.get(name=name)


def test_tags_have_history_and_a_bad_one_changes_nothing(shop):
    change_monitor(named("Cart"), {"tags": ["EU", "beta"]}, now=shop, reason="Sorted")
    assert named("Cart").tags == ["beta", "eu"]
    (change,) = [one for one in changes_of(named("Cart"))[0].fields if one.name == "tags"]
    assert (change.before, change.after) == ("eu, prod", "beta, eu")
    with pytest.raises(ValidationError, match="You wrote =x"):
        change_monitor(named("Cart"), {"tags": ["=x"]}, now=shop, reason="Sorted")
    assert named("Cart").tags == ["beta", "eu"]


def test_the_database_finds_a_tag_and_no_part_of_one(shop):
    assert {one.name for one in Monitor.objects.filter(tagged("prod"))} == {"Cart", "Pay"}
    assert not Monitor.objects.filter(tagged("pro")).exists()
    assert not Monitor.objects.filter(tagged('"')).exists()


def test_many_get_and_lose_tags_beside_those_they_have(shop):
    ada = builders.person("Ada Admin", "admin")
    wish = Wish(CHANGE, tag=["core"], untag=["prod"])
    chosen = [named("Cart"), named("Pay"), named("Ledger")]
    planned = preview(chosen, wish, by=ada)
    assert [[(d.label, d.before, d.after) for d in one.differences] for one in planned] == [
        [("Tags", "eu, prod", "core, eu")],
        [("Tags", "prod", "core")],
        [("Tags", None, "core")],
    ]
    carry_out(chosen, wish, by=ada, now=shop, reason="Sorted")
    assert [named(name).tags for name in ("Cart", "Pay", "Ledger")] == [["core", "eu"], ["core"], ["core"]]


def listed(**wanted):
    found = rows(monitors_in_force(), now=clock.now())
    return {
        group.name: [row.monitor.name for row in group.rows]
        for group in grouped(narrowed(found, Filter(**wanted)), wanted.get("by", ""))
    }


def test_the_list_is_narrowed_by_tag_and_kind_and_grouped(shop):
    assert listed(tag="prod") == {"": ["Cart", "Pay"]}
    assert listed(kind="heartbeat") == {"": ["Nightly backup"]}
    assert listed(by="tag") == {"eu": ["Cart"], "no tag": ["Ledger", "Nightly backup"], "prod": ["Cart", "Pay"]}
    assert listed(by="service", tag="eu") == {"Shop": ["Cart"]}
    assert set(listed(by="team")) == {"Elsewhere", "Platform"}
    assert set(listed(by="kind")) == {"HTTP", "Heartbeat"}


def test_a_page_of_groups_keeps_each_group_s_counts(shop):
    groups = grouped(rows(monitors_in_force(), now=clock.now()), "service")
    pages = [page_of(groups, first, 3) for first in (0, 3)]
    assert [[(one.name, len(one.rows), sum(one.counts.values())) for one in page] for page in pages] == [
        [("Bank", 2, 2), ("Shop", 1, 2)],
        [("Shop", 1, 2)],
    ]


def test_the_page_offers_what_occurs_and_keeps_what_was_chosen(shop):
    client = Client()
    client.force_login(builders.person("Mara Manager", "manager", team=builders.team("Others")))
    html = client.get("/monitors/?tag=prod&by=tag&state=unknown").content.decode()
    assert re.findall(r"<option(?: selected)?>([\w]+)</option>", html) == ["eu", "prod"]
    assert "<option selected>prod</option>" in html
    assert "Nightly backup" not in html
    assert "/monitors/export.csv?tag=prod&amp;by=tag&amp;state=unknown" in html
    assert (
        "No monitor matches" in client.get("/monitors/?tag=%00nope&by=%3Cb%3E&kind=what&page=%C2%B2").content.decode()
    )


def test_the_files_hold_the_rows_the_filter_leaves(shop):
    client = Client()
    client.force_login(builders.person("Vera Viewer", "viewer"))
    answer = client.get("/monitors/export.csv?tag=prod")
    found = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="monitors.csv"'
    assert [(one["name"], one["tags"], one["state"]) for one in found] == [
        ("Cart", '["eu","prod"]', "unknown"), ("Pay", '["prod"]', "unknown"),
    ]  # fmt: skip
    told = json.loads(client.get("/monitors/export.json").content)
    assert [one["name"] for one in told] == ["Ledger", "Nightly backup", "Cart", "Pay"]
    assert told[2]["tags"] == ["eu", "prod"] and told[2]["last_check_at"] is None
    assert told[2]["id"] == named("Cart").public_id


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(shop):
    change_monitor(named("Cart"), {"name": "=HYPERLINK(1)"}, now=shop, reason="Mean")
    client = Client()
    client.force_login(builders.person("Vera Viewer", "viewer"))
    assert "'=HYPERLINK(1)" in client.get("/monitors/export.csv").content.decode()
    assert json.loads(client.get("/monitors/export.json?tag=eu").content)[0]["name"] == "=HYPERLINK(1)"


def test_the_list_asks_no_more_for_thirty_than_for_four(shop, django_assert_max_num_queries):
    client = Client()
    client.force_login(builders.person("Vera Viewer", "viewer"))
    client.get("/monitors/")
    with CaptureQueriesContext(connection) as few:
        client.get("/monitors/?by=tag")
    for n in range(30):
        builders.monitor(f"m{n}", service=named("Cart").service, now=shop, tags=["many", f"t{n}"])
    with django_assert_max_num_queries(len(few)):
        client.get("/monitors/?by=tag")
