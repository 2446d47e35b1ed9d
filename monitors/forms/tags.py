"""The field of tags: one line of words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from monitors.tags import LENGTH_MAX, MOST, TagError, read_tags, split


class TagsField(forms.CharField):
    """Words with commas or blanks between them; cleans to the list of them as it is kept."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", (LENGTH_MAX + 2) * MOST)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
        kwargs.setdefault("help_text", "Words to find and group it by, such as prod, eu, team:web.")
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A list is written as a line; what a person typed stays as typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The tags as a list. Raises ValidationError naming the word that is none."""
        text = super().clean(self.prepare_value(value))
        try:
            return read_tags(split(text))
        except TagError as error:
            raise ValidationError(str(error), code="unreadable") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """The same words in another order are no change."""
        try:
            return bool(self.clean(initial) != self.clean(data))
        except ValidationError:
            return True
