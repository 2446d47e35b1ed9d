"""What we decide where allauth asks: no sign-up, our words, mail through the engine, sign-ins on record."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from accounts.models import User
from accounts.services.letters import post_letter
from ledger.actors import Actor, current_actor
from ledger.clock import now as clock_now
from ledger.record import record

SAID = {
    "account/messages/password_changed.txt": "Password changed. Other sessions of yours were signed out.",
    "account/messages/password_set.txt": "Password set.",
    "account/messages/logged_out.txt": "Signed out.",
}


class AccountAdapter(DefaultAccountAdapter):
    """allauth's hooks. It calls from inside a request, so this is an interface and may read the clock."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This address and this password do not belong together.",
        "too_many_login_attempts": "Too many tries. Wait five minutes, or set a new password by e-mail.",
        "enter_current_password": "This is not your current password.",
        "invalid_password_reset": "This link was used or is too old. Ask for a new one.",
        "rate_limited": "Too many requests. Wait a minute.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people come by the set-up link or by invitation."""
        return False

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Say what a person did not see happen, in our words; stay quiet about the rest."""
        if message_template in SAID:
            messages.add_message(request, messages.SUCCESS, SAID[message_template])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail as a row that the engine sends; unknown addresses get none and are not told apart."""
        person = context.get("user")
        if isinstance(person, User):
            subject = render_to_string(f"{template_prefix}_subject.txt", context).strip()
            body = render_to_string(f"{template_prefix}_message.txt", context)
            post_letter(user=person, subject=subject, body=body, now=clock_now())

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Put the sign-in on record, in the name of the person who has just arrived."""
        with transaction.atomic():
            _record_own("user.signed_in", user)
        return super().post_login(request, user, **kwargs)

    def set_password(self, user: User, password: str) -> None:
        """Set a password and put the fact, never the password, on record."""
        with transaction.atomic():
            user.set_password(password)
            user.save(now=clock_now(), reason="Password changed")
            _record_own("user.password_changed", user)


def _record_own(kind: str, user: User) -> None:
    seen = current_actor()
    actor = Actor("user", user.public_id, user.email_mask, "screen", seen.network, seen.request_id)
    record(kind, [user], {}, now=clock_now(), actor=actor)
