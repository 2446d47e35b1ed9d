"""One post-mortem: read it, write its sections, class its cause, and look at what it was before."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in
from ledger.actors import current_actor
from ledger.clock import now
from ledger.tracked import StaleVersion
from postmortems.access import WRITE, get_postmortem, get_publication, get_version
from postmortems.facts import as_facts, lines_of
from postmortems.forms.documents import ClassifyForm, SectionForm
from postmortems.markup import citations
from postmortems.markup import render as draw
from postmortems.models import PostMortem
from postmortems.queries import published_parts, text_of, with_texts
from postmortems.sections import BY_KEY, CATEGORIES, Section
from postmortems.services.documents import checked, classify, save_section
from postmortems.services.refusals import BadInput, StaleSection
from postmortems.states import IllegalMove
from postmortems.views.documents import SCREEN
from postmortems.views.whole import whole

READ_ONLY = "It is published and read only. Begin a correction to change it."


@require_GET
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The post-mortem as it stands."""
    postmortem = get_postmortem(request.user, number)
    return render(request, "postmortems/postmortem.html", whole(postmortem, signed_in(request), now=now()))


def edit_section(request: HttpRequest, number: str, section: str) -> HttpResponse:
    """Write one section. `insert` and `preview` draw the page again with what was typed; nothing is saved by them."""
    postmortem, wanted = get_postmortem(request.user, number, WRITE), _section(section)
    if postmortem.is_published:
        messages.error(request, READ_ONLY)
        return redirect("postmortems:postmortem", postmortem.number)
    if request.method != "POST":
        text, version = text_of(postmortem, section)
        form = SectionForm(initial={"text": text, "version": version}, section=wanted)
        return _editor(request, postmortem, wanted, form, text)
    form = SectionForm(request.POST, section=wanted)
    if "insert" in request.POST:
        form.inserts(request.POST["insert"][:40])
    elif "preview" not in request.POST and form.is_valid() and _save(request, postmortem, section, form):
        return redirect("postmortems:postmortem", postmortem.number)
    return _editor(request, postmortem, wanted, form, form.data.get("text", ""))


@require_POST
def preview(request: HttpRequest, number: str, section: str) -> HttpResponse:
    """The text of a section as a reader will see it; nothing is saved."""
    postmortem, wanted = get_postmortem(request.user, number, WRITE), _section(section)
    return render(request, "postmortems/_preview.html", _drawn(postmortem, wanted, request.POST.get("text", "")))


@require_POST
def classify_it(request: HttpRequest, number: str) -> HttpResponse:
    """What kind of cause it was, and whether a runbook was changed."""
    postmortem = get_postmortem(request.user, number, WRITE)
    form = ClassifyForm(request.POST, auto_id="classify_%s")
    if form.is_valid():
        try:
            classify(postmortem, form.changes(), expected_version=form.cleaned_data["version"], now=now())
            messages.success(request, "Saved.")
            return redirect("postmortems:postmortem", postmortem.number)
        except StaleVersion as error:
            form.add_error(None, error.messages[0])
        except (BadInput, IllegalMove) as error:
            form.add_error(None, str(error))
    context = whole(postmortem, signed_in(request), now=now(), classify_form=form)
    return render(request, "postmortems/postmortem.html", context, status=422)


@require_GET
def version(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """One text that was saved once: who wrote it, when, and its hash."""
    postmortem = get_postmortem(request.user, number)
    [saved] = with_texts([get_version(request.user, postmortem, public_id)])
    context = {"pm": postmortem, "version": saved, "now": now()}
    context |= _drawn(postmortem, BY_KEY[saved.section], saved.text)  # type: ignore[attr-defined]
    return render(request, "postmortems/version.html", context)


@require_GET
def revision(request: HttpRequest, number: str, revision: int) -> HttpResponse:
    """One revision as it was approved."""
    postmortem = get_postmortem(request.user, number)
    publication = get_publication(request.user, postmortem, revision)
    lines = lines_of(postmortem.incident)
    parts = published_parts(publication, as_facts(lines), timezone.get_current_timezone())
    context = {"pm": postmortem, "publication": publication, "parts": parts, "log": lines, "now": now()}
    context["category"] = CATEGORIES.get(publication.root_cause_category, "")
    return render(request, "postmortems/revision.html", context)


def _section(key: str) -> Section:
    if key not in BY_KEY:
        raise Http404
    return BY_KEY[key]


def _save(request: HttpRequest, postmortem: PostMortem, section: str, form: SectionForm) -> bool:
    data = form.cleaned_data
    try:
        saved = save_section(
            postmortem, section, data["text"], expected_version=data["version"], actor=current_actor(),
            person=signed_in(request), how=SCREEN, now=now(),
        )  # fmt: skip
    except StaleSection as error:
        form.conflict(error)
    except BadInput as error:
        form.add_error("text", str(error))
    except IllegalMove:
        form.add_error(None, READ_ONLY)
    else:
        said = f"Saved as version {saved.version}." if saved else "Nothing was changed."
        messages.success(request, f"{BY_KEY[section].title}: {said}")
        return True
    return False


def _editor(
    request: HttpRequest, postmortem: PostMortem, section: Section, form: SectionForm, text: str
) -> HttpResponse:
    lines = lines_of(postmortem.incident)
    cited = set(citations(text))
    context = {
        "pm": postmortem,
        "form": form,
        "facts": [(line, line.anchor in cited) for line in lines],
        "cited": len(cited),
        "now": now(),
        **_drawn(postmortem, section, text),
    }
    if form.stale:
        [theirs] = with_texts([form.stale.latest])
        context["theirs"] = theirs
    return render(request, "postmortems/section.html", context, status=form.status)


def _drawn(postmortem: PostMortem, section: Section, text: str) -> dict[str, object]:
    """The HTML of a text, or the sentence on why it cannot be saved."""
    incident = postmortem.incident
    try:
        text = checked(incident, section.key, text)
    except BadInput as error:
        return {"section": section, "html": "", "refused": str(error)}
    facts = as_facts(lines_of(incident)) if "[" in text else {}
    html = draw(text, facts, timezone.get_current_timezone(), incident.opened_at)
    return {"section": section, "html": html, "refused": ""}
