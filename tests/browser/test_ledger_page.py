"""The page of the ledger with forty days of seals, a missing day and an outsider who did not get one: sound, narrow and wide."""

import os
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction

from evidence.models import Pack, SealLetter
from evidence.services.anchors import add_anchor
from evidence.services.letters import send_seal_letters
from evidence.services.seals import seal_due_days
from incidents.services.work import declare
from ledger import clock
from ledger.actors import SYSTEM
from ledger.append_only import lifted
from ledger.link import link_entries
from ledger.models import Seal
from tests import builders

SIGHTS = [(360, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]


def season():
    """Seals of forty days; the newest went to one outsider and not to the other; one day was lost."""
    now = clock.now()
    born = now - timedelta(days=40)
    builders.organisation(zone="Europe/Berlin", now=born)
    mara = builders.person("Mara Lindqvist", "admin", now=born)
    incident = declare(
        title="Place order is down", severity=1, service=None, actor=SYSTEM, person=mara, how="screen",
        now=now - timedelta(days=9),
    )  # fmt: skip
    add_anchor(name="Dana Reyes", address="dana@hollis.example", now=born, reason="Our auditor")
    with transaction.atomic():  # one commit on the disk, not a hundred
        while link_entries() or seal_due_days(now):
            pass
        send_seal_letters(now, limit=100)
    late = add_anchor(name="Board mailbox of the association", address="board@quill.example", now=now, reason="Second")
    refused = "the mail server refused the address (550)"
    SealLetter.objects.filter(anchor=late).update(ended_at=now, tries=9, last_error=refused)
    with lifted(connection):
        lost = Seal.objects.order_by("-day")[20]
        lost.letters.all().delete()
        lost.delete()
    Pack.objects.create(
        kind="incident", subject=incident.number, folder="evidence", as_of=now - timedelta(days=1), made_at=now,
        made_by_kind="command", files=51, rows=4810, sums_sha256="e01b64aa" * 8, key_fingerprint="4b19c0fe" * 8,
        sealed_until=now.date(),
    )  # fmt: skip
    return mara, late


def test_the_ledgers_pages_are_sound(read, transactional_db):
    admin, late = season()
    pictures = Path(os.environ["PICTURES"]) if os.environ.get("PICTURES") else None
    for width, theme in SIGHTS:
        mara = read(admin, width=width, theme=theme)
        for path in ("/ledger/", "/ledger/anchors/new/", f"/ledger/anchors/{late.public_id}/"):
            assert mara.opens(path).status == 200
            if pictures:
                name = f"{path.strip('/').replace('/', '-')[:16]}-{width}-{theme}.png"
                mara.page.screenshot(path=str(pictures / name), full_page=True)
            mara.is_sound()
    said = mara.page.goto(mara.base + "/ledger/") and mara.page.inner_text("main")
    assert "1 day has no seal." in said
    assert "the mail server refused the address (550)" in said
