"""What breaks the promises about answers to pages."""

from datetime import timedelta

from oncall.models import InboundSms


def unheard_text(house, **_):
    at = house.now - timedelta(seconds=31)
    InboundSms.objects.create(sid="SM9", from_fingerprint="x", from_mask="+44 … 01", body="4", received_at=at)


def guessed(house, **_):
    for n in range(4):
        at = house.now - timedelta(minutes=n)
        InboundSms.objects.create(
            sid=f"SM{n}",
            from_fingerprint="x",
            from_mask="+44 … 01",
            body="9 4",
            received_at=at,
            handled_at=at,
            wrong_code=True,
        )
