"""Services of status pages: one function for each change of state or configuration."""

from statuspage.services.components import change_component, create_component, retire_component
from statuspage.services.pages import change_page, create_page, retire_page
from statuspage.services.updates import correct_update, publish_update

__all__ = [
    "change_component",
    "change_page",
    "correct_update",
    "create_component",
    "create_page",
    "publish_update",
    "retire_component",
    "retire_page",
]
