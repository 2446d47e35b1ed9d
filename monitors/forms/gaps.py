"""The form about a gap in monitoring."""

from __future__ import annotations

from django import forms

from monitors.services.gaps import NOTE_MAX


class GapNoteForm(forms.Form):
    """What happened, in words that an auditor will read."""

    text = forms.CharField(
        label="What happened",
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="It is kept with the gap and cannot be changed; a later word stands beside it.",
    )
    incident = forms.CharField(required=False, max_length=20, help_text="INC-2026-0042, if there is one.")
