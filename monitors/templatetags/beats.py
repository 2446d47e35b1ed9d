"""Words of heartbeats in templates. `{% load beats %}`."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from monitors.models import Ping

register = template.Library()

# a run is no state of a monitor: it borrows the shapes, and has words of its own
RUNS = {
    "on_time": ("up", "On time"),
    "late": ("degraded", "Late"),
    "missed": ("down", "Missed"),
    "failed": ("down", "Failed"),
}
# what begins or is only noted has no shape: nothing is well or ill yet
SAYS = {"success": ("up", "went well"), "start": ("", "began"), "fail": ("down", "failed"), "log": ("", "a note")}
VERDICTS = {"method": "not counted: only POST does", "paused": "not counted: paused"}


def _shaped(shape: str, word: str) -> SafeString:
    if not shape:
        return format_html("{}", word)
    return format_html(
        '<span class="state is-{0}"><svg class="mark" aria-hidden="true"><use href="#m-{0}"/></svg>{1}</span>',
        shape,
        word,
    )


@register.simple_tag
def run_state(name: str) -> SafeString:
    """What a run came to, as shape and word."""
    return _shaped(*RUNS[name])


@register.simple_tag
def ping_says(ping: Ping) -> SafeString:
    """What a ping says, and why it does not count where it does not."""
    shape, word = SAYS[ping.kind]
    if ping.exit_status is not None:
        word = f"{word}, exit status {ping.exit_status}"
    why = VERDICTS.get(ping.verdict or "", "")
    return format_html("{}{}", _shaped(shape, word), format_html(' <span class="soft">{}</span>', why) if why else "")


@register.simple_tag
def there(at: datetime) -> str:
    """`Sun 29 Mar, 02:30`: an instant that is in another zone already."""
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


@register.filter
def took(milliseconds: int) -> str:
    """`420 ms`, `12 s`, `2 h 5 min`."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = round(milliseconds / 1000)
    for size, unit, smaller in ((86_400, "d", (3_600, "h")), (3_600, "h", (60, "min")), (60, "min", (1, "s"))):
        if seconds >= size:
            rest = seconds % size // smaller[0]
            return f"{seconds // size} {unit}" + (f" {rest} {smaller[1]}" if rest else "")
    return f"{seconds} s"
