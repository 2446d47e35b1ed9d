"""The organisation, its people and teams."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from accounts import roles
from accounts.masks import mask_email, mask_name
from ledger.crypto import fingerprint
from ledger.fields import PublicIdField
from ledger.tracked import Tracked, TrackedQuerySet


class Organisation(Tracked):
    """The one organisation of this installation."""

    public_id = PublicIdField(prefix="org")
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="UTC")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Organisation:
        """Return the organisation; an unsaved "Watchbook" in UTC before the first run made one."""
        return cls.objects.order_by("pk").first() or cls(name="Watchbook", timezone="UTC")

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's zone, in which days and incident years are counted."""
        return ZoneInfo(self.timezone)

    def midnight(self, day: date) -> datetime:
        """The instant at which a day begins in the organisation's zone."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)


class Team(Tracked):
    """A group of people that owns configuration."""

    public_id = PublicIdField(prefix="tea")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(retired_at__isnull=True), name="team_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager.from_queryset(TrackedQuerySet)):  # type: ignore[misc]
    """Makes people; `get_by_natural_key` ignores case, as mail hosts do."""

    def create_user(
        self, email: str, password: str | None = None, *, now: datetime | None = None, reason: str = "", **fields: Any
    ) -> User:
        """Create a person who signs in by e-mail; no password means sign-in by invitation or reset."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(now=now, reason=reason)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        """Find by e-mail in lower case."""
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, Tracked):
    """A person. Deactivated, never deleted; name and address can be erased, the id stays."""

    untracked_fields = ("password", "last_login", "email", "name", "theme")

    public_id = PublicIdField(prefix="usr")
    email = models.EmailField(unique=True)
    email_mask = models.CharField(max_length=254, editable=False)
    email_fingerprint = models.CharField(max_length=16, editable=False, db_index=True)
    name = models.CharField(max_length=120)
    name_mask = models.CharField(max_length=40, editable=False)
    name_fingerprint = models.CharField(max_length=16, editable=False)
    role = models.CharField(max_length=16, choices=roles.role_choices, default=roles.VIEWER)
    timezone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, default="auto")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email_mask

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the masks and fingerprints that stand for address and name in history."""
        self.email = self.email.strip().lower()
        self.email_mask, self.email_fingerprint = mask_email(self.email), fingerprint(self.email, "user.email")
        self.name_mask, self.name_fingerprint = mask_name(self.name), fingerprint(self.name, "user.name")
        super().save(*args, **kwargs)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which this person reads times."""
        return ZoneInfo(self.timezone)

    @property
    def is_staff(self) -> bool:
        """The stock admin is off: nobody is staff."""
        return False

    @property
    def is_superuser(self) -> bool:
        """Rights come from `accounts.roles` alone."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's permissions are not used."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """Django's permissions are not used."""
        return False

    def team_ids(self) -> set[int]:
        """Primary keys of the teams this person belongs to."""
        return set(self.memberships.filter(retired_at__isnull=True).values_list("team_id", flat=True))


class Membership(Tracked):
    """A person is in a team."""

    public_id = PublicIdField(prefix="mem")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "user"], condition=models.Q(retired_at__isnull=True), name="member_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"
