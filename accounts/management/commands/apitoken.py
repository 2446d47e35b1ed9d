"""manage.py apitoken: a token for the API without a browser."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.scopes import SCOPES
from accounts.services.tokens import issue_token
from ledger.actors import Actor, acting_as
from ledger.clock import now


class Command(BaseCommand):
    """Make a token and print it, this once."""

    help = "Make an API token for a person and print it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The owner's address; --scope may be given several times."""
        parser.add_argument("email")
        parser.add_argument("--scope", action="append", choices=list(SCOPES), required=True)
        parser.add_argument("--label", default="manage.py")
        parser.add_argument("--expires-days", "--days", dest="days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the secret alone on standard output, so that a script can take it."""
        owner = User.objects.filter(email=options["email"].strip().lower(), is_active=True).first()
        if owner is None:
            raise CommandError(f"Nobody active signs in with {options['email']}.")
        if not 1 <= options["days"] <= 3650:
            raise CommandError(f"--expires-days is from 1 to 3650. You wrote {options['days']}.")
        instant = now()
        with acting_as(Actor("command", label="manage.py", via="manage.py apitoken")):
            token, secret = issue_token(
                owner=owner, label=options["label"][:80], scopes=options["scope"],
                expires_at=instant + timedelta(days=options["days"]), now=instant, reason="manage.py apitoken",
            )  # fmt: skip
        self.stderr.write(
            f"{token.public_id} for {owner.email}, ends {token.expires_at:%Y-%m-%d}. It is not shown again."
        )
        self.stdout.write(secret)
