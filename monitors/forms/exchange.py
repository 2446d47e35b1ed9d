"""The form of a document of monitors."""

from __future__ import annotations

from django import forms

from accounts.forms.fields import ReasonField
from monitors.exchange import BYTES_MAX, DocumentError, Entry, read


class DocumentForm(forms.Form):
    """A document, pasted; `entries` is what it says once it was read."""

    document = forms.CharField(
        label="The document",
        max_length=BYTES_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text="As the export writes it. What it does not name stays as it is.",
    )
    reason = ReasonField()

    entries: list[Entry]

    def clean_document(self) -> str:
        """Read it. Raises ValidationError with the line and the reason."""
        text: str = self.cleaned_data["document"]
        try:
            self.entries = read(text)
        except DocumentError as error:
            raise forms.ValidationError(str(error), code="unreadable") from error
        return text
