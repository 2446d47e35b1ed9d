"""What becomes of a call: somebody presses a key, a voice mail hears it out, or it rings for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.demo import recorder
from config.demo.world import Action, Demo
from incidents.services import keys
from oncall.models import Attempt
from oncall.notify import callbacks

PICKS_UP, RINGS_OUT = 0.55, 0.8  # the rest is a voice mail


def lives(demo: Demo, sid: str, now: datetime) -> None:
    """Put on the list what the provider will say of a call that it took, and what somebody does with it."""
    page = Attempt.objects.select_related("page").get(provider_sid=sid).page
    chance = demo.rng.random()
    demo.at(_after(now, 3), _says(sid, "ringing"))
    if page.origin not in ("step", "test"):
        demo.at(_after(now, 12), _says(sid, "in-progress"))
        demo.at(_after(now, 31), _says(sid, "completed"))
    elif chance < PICKS_UP or page.origin == "test":
        demo.at(_after(now, 14), _says(sid, "in-progress"))
        demo.at(_after(now, 27), _presses_4(sid))
        demo.at(_after(now, 33), _says(sid, "completed"))
    elif chance < RINGS_OUT:
        demo.at(_after(now, 29), _says(sid, "no-answer"))
    else:
        demo.at(_after(now, 22), _says(sid, "in-progress"))
        demo.at(_after(now, 58), _says(sid, "completed"))


def _after(now: datetime, seconds: int) -> datetime:
    return now + timedelta(seconds=seconds)


def _says(sid: str, status: str) -> Action:
    """The provider reports; a call that was taken back meanwhile has nothing more to say."""

    def act(now: datetime) -> bool:
        attempt = Attempt.objects.get(provider_sid=sid)
        if attempt.status == "canceled":
            return False
        if status != "ringing":
            recorder.ringing.discard(sid)
        callbacks.store_call({"CallSid": sid, "CallStatus": status}, attempt, now=now)
        return callbacks.apply(now=now) > 0

    return act


def _presses_4(sid: str) -> Action:
    def act(now: datetime) -> bool:
        attempt = Attempt.objects.select_related("page").get(provider_sid=sid)
        if attempt.status == "in-progress":
            keys.press(attempt.page, sid=sid, round_=1, digits="4", now=now)
        return True

    return act
