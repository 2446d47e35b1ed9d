"""The first page of a pack: what it is, its known gaps before anything else, and what lies where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.pack.days import Covered
from evidence.pack.writer import Made
from ledger.cells import csv_line
from ledger.tables import Scope, told

VERIFY = (Path(__file__).parent / "VERIFY.md").read_text(encoding="utf-8")
AS_OF = {"incident": "the instant at which the incident was recorded", "period": "the end of the period"}
IPE = (
    "file", "rows", "first_id", "last_id", "query_id", "query_version", "query", "parameters", "generated_at",
    "generated_by", "product_version", "escaped_cells", "redactions",
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """Who made which pack of what."""

    pack_id: str
    organisation: str
    title: str
    scope: Scope
    made_at: datetime
    made_by: str
    version: str
    key: str
    demo: bool


def sheet(about: About, made: Sequence[Made]) -> str:
    """`ipe.csv`: for each file how many rows it has and how they were chosen. No row is a fact as well."""
    lines = [csv_line(IPE)[0]]
    for one in sorted(made, key=lambda m: m.file):
        values = (
            one.file, one.rows, one.first_id, one.last_id, one.query, one.version, one.words, one.parameters,
            about.made_at, about.made_by, about.version, one.escaped, one.redacted,
        )  # fmt: skip
        lines.append(csv_line(values)[0])
    return "".join(lines)


def readme(about: About, covered: Covered, made: Sequence[Made]) -> str:
    """`README.md`."""
    scope = about.scope
    parts = [
        f"# Evidence of {scope.subject}",
        *(["**Made-up data.** This installation is a demonstration; nothing here happened."] if about.demo else []),
        f"{about.title}. {about.organisation}. Pack `{about.pack_id}`, made {told(about.made_at)} by {about.made_by} with "
        f"Watchbook {about.version}, signed by the key `{about.key}`.",
        "## Known gaps",
        "\n".join(f"- {gap}" for gap in _gaps(covered, made)),
        "## What it shows",
        f"Configuration as of {told(scope.as_of)}, {AS_OF[scope.kind]}, from history and never from "
        f"today. Observations from {told(scope.start)} to {told(scope.end)}. People and addresses are masked; `usr_…` is a person, "
        "`cht_…` an address of theirs. Instants are UTC. Spans are half-open.",
        "## Files",
        "`VERIFY.md` says how to check all this with a shell and openssl. Every table is there as CSV, the reference copy, and as "
        "JSON. A CSV cell that a spreadsheet would take for a formula begins with an apostrophe; the JSON has it as it was.",
        "| file | rows | what |\n|---|---|---|\n"
        + "\n".join(_file_row(one) for one in sorted(made, key=lambda m: m.file)),
        "`ipe.csv` says how each was made. `ledger/` holds whole days of the record, `seals/` their seals and all later ones, `keys/` "
        "every key that signed, `SHA256SUMS` the hash of every file and `SHA256SUMS.sig` its signature.",
    ]
    return "\n\n".join(parts) + "\n"


def _file_row(one: Made) -> str:
    return f"| `{one.file}` | {one.rows} | {one.words} |"


def _gaps(covered: Covered, made: Sequence[Made]) -> list[str]:
    rows = {one.file: one.rows for one in made}
    gaps = []
    if covered.unsealed:
        gaps.append(
            f"{_count(covered.unsealed, 'line is', 'lines are')} chained and not sealed yet (`ledger/unsealed.jsonl`). A pack made after the next "
            "00:10 UTC has them sealed."
        )
    if not covered.seals:
        gaps.append("No day is sealed yet: only the signature of this pack vouches for its lines.")
    if not rows.get("03_availability/results.csv"):
        gaps.append(
            "No single checks: they are kept one by one for 48 hours only. Their outcome is in the state intervals."
        )
    redacted = sum(one.redacted for one in made)
    if redacted:
        gaps.append(
            f"{_count(redacted, 'text was', 'texts were')} redacted. The hash is in the ledger, with the hash of the reason."
        )
    gaps.append(
        "Provider callbacks and single checks are not chained line by line; their outcome is, in the lines of page and state."
    )
    return gaps


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
