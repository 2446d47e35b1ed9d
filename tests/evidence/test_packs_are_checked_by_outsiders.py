"""An outsider's shell, without Python and without us, checks the pack by the commands of its own VERIFY.md."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evidence.services.packs import make_incident_pack, make_period_pack
from ledger import seal_keys

pytestmark = pytest.mark.django_db
TOOLS = ("openssl", "sha256sum", "cut", "du", "date", "sed", "grep", "awk", "wc", "od")
LISTED = "SHA256SUMS"


def shell(folder, blocks, noted, tools):
    """Run the blocks one after another as a reader would; the first exit status that is not 0, and what was said."""
    for block in blocks:
        ran = subprocess.run(
            ["/bin/sh", "-c", block], cwd=folder, env={"PATH": str(tools), "NOTED": noted, "LC_ALL": "C"},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if ran.returncode:
            return ran.returncode, ran.stdout + ran.stderr
    return 0, ""


@pytest.fixture
def tools(tmp_path):
    """A PATH that holds coreutils, openssl, grep, sed and awk, and no Python."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        packages = {"openssl": "openssl", "awk": "mawk", "sed": "sed", "grep": "grep"}
        pytest.skip("needs the packages " + ", ".join(sorted({packages.get(tool, "coreutils") for tool in missing})))
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


made = {}


@pytest.fixture
def pack(request, tmp_path_factory):
    """One pack for all tests of this module: once written it needs neither us nor our database."""
    if "pack" not in made:
        night = request.getfixturevalue("night")
        out = tmp_path_factory.mktemp("packs") / "out"
        made["pack"] = make_incident_pack(night.incident, out, now=night.now).folder
    return made["pack"]


@pytest.fixture
def check(pack, tools):
    """Check a folder by the commands of the pack as it was made; "" when all holds, else what was said."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (pack / "VERIFY.md").read_text(), re.MULTILINE | re.DOTALL)
    noted = seal_keys.fingerprint()

    def run(folder, *, but=()):
        chosen = [block for number, block in enumerate(blocks, start=1) if number not in but]
        status, said = shell(folder, chosen, noted, tools)
        return said or "it failed in silence" if status else ""

    assert len(blocks) == 7
    return run


@pytest.fixture
def copy(pack, tmp_path):
    """A fresh copy of the pack to spoil."""

    def make():
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        return Path(shutil.copytree(pack, tmp_path / "copy"))

    return make


def sign_again(folder):
    """What somebody who holds the key can do after changing a file: list and sign the pack anew."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(LISTED))
    listing = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder)}\n" for p in paths)
    (folder / LISTED).write_text(listing)
    (folder / f"{LISTED}.sig").write_bytes(seal_keys.sign(listing.encode()))


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_pack_as_it_was_made_passes_every_command(pack, check):
    assert check(pack) == ""


def test_no_python_is_within_reach_of_the_commands(tools):
    assert not any("python" in name for name in os.listdir(tools))


def test_one_changed_byte_in_any_file_is_caught(pack, copy, check):
    for name in files(pack):
        folder = copy()
        path = folder / name
        data = bytearray(path.read_bytes())
        at = len(data) // 2
        data[at] ^= 1
        path.write_bytes(bytes(data))
        assert check(folder, but=(7,)) != "", name


def test_one_byte_more_at_the_end_of_any_file_is_caught(pack, copy, check):
    for name in files(pack):
        folder = copy()
        with (folder / name).open("ab") as file:
            file.write(b" ")
        assert check(folder, but=(7,)) != "", name


def test_any_removed_file_is_caught(pack, copy, check):
    for name in files(pack):
        folder = copy()
        (folder / name).unlink()
        assert check(folder, but=(7,)) != "", name


@pytest.mark.parametrize(
    "name", ["more.csv", ".hidden", "seals/2026-01-01.seal", "deep/er/file", "ipe\\056csv", "ipe.cs", "two\nlines"]
)
def test_an_added_file_is_caught(pack, copy, check, name):
    folder = copy()
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("")
    assert "WRONG 4" in check(folder)


def test_another_key_that_signed_everything_is_not_the_noted_one(copy, check, settings):
    settings.SEAL_KEY = b"x" * 32
    folder = copy()
    own = seal_keys.public_pem()
    (folder / "public_key.pem").write_text(own)
    (folder / "keys" / f"{seal_keys.fingerprint()}.pem").write_text(own)
    sign_again(folder)
    assert "WRONG 1" in check(folder)
    assert check(folder, but=(1,)) == "", "only the noted fingerprint tells"


def days_of(folder):
    return sorted(p.stem for p in (folder / "seals").glob("*.seal"))


def test_a_removed_day_is_caught_although_the_list_was_signed_again(copy, check):
    folder = copy()
    gone = days_of(folder)[1]
    for path in (f"ledger/{gone}.jsonl", f"seals/{gone}.seal", f"seals/{gone}.sig"):
        (folder / path).unlink(missing_ok=True)
    sign_again(folder)
    assert "a day is missing" in check(folder)


def test_a_day_file_left_out_is_caught_by_the_lines_it_held(copy, check):
    folder = copy()
    for path in (folder / "ledger").glob("2026-*.jsonl"):
        path.unlink()
    sign_again(folder)
    assert "is in none of the days" in check(folder)


def test_two_swapped_seals_are_caught_although_the_list_was_signed_again(copy, check):
    folder = copy()
    one, two = days_of(folder)[:2]
    for ending in ("seal", "sig"):
        a, b = folder / f"seals/{one}.{ending}", folder / f"seals/{two}.{ending}"
        first, second = a.read_bytes(), b.read_bytes()
        a.write_bytes(second)
        b.write_bytes(first)
    sign_again(folder)
    assert "speaks of another day" in check(folder)


def test_a_seal_made_anew_for_a_rewritten_day_does_not_fit_the_next_one(copy, check):
    folder = copy()
    day = days_of(folder)[0]
    lines = (folder / f"ledger/{day}.jsonl").read_text().replace("incident.acknowledged", "incident.forgotten")
    (folder / f"ledger/{day}.jsonl").write_text(lines)
    text = (folder / f"seals/{day}.seal").read_text()
    text = re.sub(r"^ledger .*$", f"ledger {hashlib.sha256(lines.encode()).hexdigest()}", text, flags=re.MULTILINE)
    (folder / f"seals/{day}.seal").write_text(text)
    (folder / f"seals/{day}.sig").write_bytes(seal_keys.sign(text.encode()))
    sign_again(folder)
    assert "does not name the seal before it" in check(folder)
    assert "does not lead to its head" in check(folder, but=(5,)), "and the replay tells by itself"


def test_an_unsigned_seal_is_caught(copy, check):
    folder = copy()
    day = days_of(folder)[-1]
    path = folder / f"seals/{day}.seal"
    path.write_text(path.read_text().replace("demo no", "demo yes"))
    sign_again(folder)
    assert "is not signed" in check(folder)


def test_the_pack_of_a_period_is_checked_by_the_same_commands(night, tmp_path, check):
    day = night.now.date()
    folder = make_period_pack(day.replace(day=1), day, tmp_path / "out", now=night.now).folder
    assert check(folder) == ""
    some = folder / "05_incidents" / "incidents.csv"
    some.write_bytes(some.read_bytes().replace(b"INC", b"INX", 1))
    assert "WRONG 3" in check(folder)
