"""The form of a calendar of absences: a file, or its text."""

from __future__ import annotations

from typing import Any

from django import forms

from oncall.calendar_read import MOST_BYTES
from oncall.services.absences import NAME_MOST


class AbsencesForm(forms.Form):
    """A file that was exported from somewhere, or its text pasted."""

    name = forms.CharField(max_length=NAME_MOST, help_text="What people know it by: Holidays, Leave in summer.")
    file = forms.FileField(label="File", required=False, help_text="An .ics file of at most 512 KB.")
    text = forms.CharField(
        label="Or its text",
        required=False,
        max_length=MOST_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two; `data` is its bytes."""
        given = super().clean() or {}
        file, text = given.get("file"), given.get("text", "")
        if not file and not text.strip():
            raise forms.ValidationError("Choose a file, or paste its text.")
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(f"It has more than {MOST_BYTES // 1024} KB. Export fewer events.")
        given["data"] = file.read(MOST_BYTES + 1) if file else text.encode()
        return given
