"""docs/self-checks.md lists every promise as the code makes it."""

import re
from pathlib import Path

from config.promises import PROMISES
from evidence.services.deadman import SPEAKS_FOR
from evidence.services.findings import RAISED_WHEN_SEEN

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "self-checks.md").read_text()


def test_every_promise_is_listed_with_its_words():
    rows = [line.strip("|").split("|") for line in TEXT.splitlines() if re.match(r"\| `\w+\.\w+` \|", line)]
    said = {cells[0].strip(" `"): tuple(cell.strip() for cell in cells[1:]) for cells in rows if len(cells) == 5}
    weights = {(True, False): "yes", (True, True): "quietly", (False, False): "no"}
    assert said == {
        one.name: (one.says, one.mends or "–", weights[one.endangers, one.quiet], one.remedy) for one in PROMISES
    }


def test_the_rules_have_the_numbers_of_the_code():
    assert RAISED_WHEN_SEEN == 2
    assert "If a second audit" in TEXT
    assert SPEAKS_FOR.total_seconds() == 120
    assert "speaks for its audit for two minutes" in TEXT
