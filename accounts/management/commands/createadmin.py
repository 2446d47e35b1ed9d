"""manage.py createadmin: an admin without a browser."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.addresses import AddressRefused, read_email
from accounts.models import Organisation, User
from accounts.services.setup import create_admin
from ledger.actors import Actor, acting_as
from ledger.clock import now


class Command(BaseCommand):
    """Make an admin. The password comes on standard input, so that no shell history and no process list holds it."""

    help = "Make an admin who can sign in at once. The password is read from standard input, one line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--email and --password-stdin are required; --name and --timezone are not."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-stdin", action="store_true", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--timezone", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a used address or a weak password with one sentence and a non-zero exit."""
        try:
            email = read_email(options["email"])
            password = sys.stdin.readline().rstrip("\r\n")
            name = options["name"] or email.partition("@")[0]
            validate_password(password, User(email=email, name=name))
        except AddressRefused as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email=email).exists():
            raise CommandError(f"{email} is somebody's sign-in address already.")
        zone = options["timezone"] or Organisation.current().timezone
        with acting_as(Actor("command", label="manage.py", via="manage.py createadmin")):
            admin = create_admin(
                email=email, name=name, password=password, timezone=zone, now=now(), reason="manage.py createadmin"
            )
        self.stdout.write(f"{admin.public_id} {email} can sign in.")
