"""What the page of a heartbeat shows beside what every monitor's page shows."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.access import can
from accounts.durations import spell_duration
from monitors.beats import coming_of, keys_of, open_runs, pings_of, runs_of, with_bodies
from monitors.forms.heartbeat import RotateForm
from monitors.heartbeats.schedules import CRON, PERIOD
from monitors.heartbeats.snippets import snippets
from monitors.kinds import KINDS
from monitors.kinds.heartbeat import BOUNDS, DEFAULTS
from monitors.kinds.words import words_of
from monitors.models import Heartbeat, Monitor
from monitors.services.ping_keys import OVERLAP_S

PINGS, RUNS = 20, 20


def heartbeat_context(request: HttpRequest, monitor: Monitor, instant: datetime) -> dict[str, Any]:
    """Address, keys, next runs, runs and pings."""
    beat = Heartbeat.objects.get(pk=monitor.pk)
    editable = monitor.retired_at is None and can(request.user, "edit", monitor)
    keys = keys_of(monitor, now=instant, reveal=editable)
    current = keys[0] if keys else None
    minute = monitor.target["expression"] if monitor.target.get("schedule") == CRON else "30 2 * * *"
    start = {"version": current.key.version, "overlap_s": OVERLAP_S} if current else {}
    return {
        **beat_facts(monitor, beat, instant),
        "keys": keys,
        "current_key": current,
        "snippets": snippets(current.address, minute) if current and current.shown else [],
        "pings": with_bodies(pings_of(monitor)[:PINGS]),
        "decided": list(runs_of(monitor)[:RUNS]),
        "open_runs": open_runs(beat),
        "settings": _settings(monitor),
        "key_form": RotateForm(initial=start, auto_id="key_%s"),
    }


def beat_facts(monitor: Monitor, beat: Heartbeat, instant: datetime) -> dict[str, Any]:
    """What is polled: the newest ping and the next five runs."""
    return {"beat": beat, "coming": coming_of(monitor, beat, instant), "zone": monitor.target.get("zone", "UTC")}


def _settings(monitor: Monitor) -> list[tuple[str, str]]:
    """What is expected, in words, with lengths of time as people write them; of the ways to say when only the one."""
    kind, held = KINDS[monitor.kind], {**DEFAULTS, **monitor.target}
    words = {field.name: (field.label, words_of(field, held[field.name])) for field in kind.fields}
    words |= {name: (words[name][0], spell_duration(int(held[name]))) for name in BOUNDS}
    other = ("expression", "zone", "early_s") if held["schedule"] == PERIOD else ("period_s",)
    return [told for name, told in words.items() if name not in other]
