"""Models of status pages."""

from statuspage.models.pages import Component, StatusPage
from statuspage.models.updates import StatusUpdate

__all__ = ["Component", "StatusPage", "StatusUpdate"]
