"""`python3 up.py` refuses in one plain sentence and a non-zero exit, and installs by hash."""

import ast
import base64
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config import bootstrap

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.processes, pytest.mark.embedded]


def up(*arguments, root=ROOT, **environ):
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "SYSTEMROOT")}
    return subprocess.run(
        [sys.executable, str(root / "up.py"), *arguments],
        env={**clean, "WATCHBOOK_ENV_FILE": "", **environ},
        capture_output=True,
        text=True,
        timeout=90,
    )


def refused(done):
    """The sentence of a refusal: one line on standard error, exit code 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Watchbook cannot start: ")
    return lines[0].removeprefix("Watchbook cannot start: ")


@pytest.fixture
def checkout(tmp_path):
    """What up.py needs of the repository, with a lock of its own and no environment yet."""
    root = tmp_path / "checkout"
    (root / "config").mkdir(parents=True)
    for name in ("__init__", "bootstrap", "demo_target", "env", "keys", "lifeline", "supervisor"):
        shutil.copy(ROOT / "config" / f"{name}.py", root / "config")
    shutil.copy(ROOT / "up.py", root)
    (root / "requirements.lock").write_text("")
    return root


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused(up(PORT=str(port), DATA_DIR=str(tmp_path)))
    assert sentence == f"port {port} is in use by another program. Choose another with PORT=."


def test_a_port_that_is_no_port_is_named(tmp_path):
    assert refused(up(PORT="web", DATA_DIR=str(tmp_path))) == "PORT must be a whole number, not 'web'."


def test_an_address_that_is_not_ours_is_named(tmp_path):
    sentence = refused(up(HOST="192.0.2.1", DATA_DIR=str(tmp_path)))
    assert sentence == "HOST=192.0.2.1 is not an address of this machine."


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    sentence = refused(up(DATA_DIR=str(tmp_path / "file" / "data")))
    assert sentence == f"the data folder {tmp_path}/file/data cannot be written (Not a directory). Set DATA_DIR."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_read_only_data_folder_is_named(tmp_path):
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("needs a Python that everybody may run: /usr/bin/python3")
    folder = tmp_path / "data"
    folder.mkdir()
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom config import bootstrap; sys.exit(bootstrap.main([]))"
    )
    for parent in (folder, *folder.parents):
        parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run(
        [str(python), "-c", script],
        env={"WATCHBOOK_ENV_FILE": "", "DATA_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        user=65534,
        capture_output=True,
        text=True,
    )
    if "Python 3.1" in done.stderr or "SyntaxError" in done.stderr:
        pytest.skip("/usr/bin/python3 is too old")
    assert refused(done) == f"the data folder {folder} cannot be written (Permission denied). Set DATA_DIR."


def test_a_second_start_in_the_same_folder_is_refused(tmp_path):
    with (tmp_path / "up.lock").open("w") as file:
        file.write("4711")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refused(up(DATA_DIR=str(tmp_path))) == f"it already runs in {tmp_path} (process 4711)."


def test_a_broken_env_file_is_named_by_its_line(tmp_path):
    env_file = tmp_path / "env"
    env_file.write_text("PORT=8000\nnonsense\n")
    done = up(WATCHBOOK_ENV_FILE=str(env_file), DATA_DIR=str(tmp_path))
    assert refused(done) == ".env line 2 is not NAME=value."


def test_a_wrong_setting_is_refused_before_anything_runs(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sentence = refused(up(DATA_DIR=str(tmp_path), PORT=str(port), DATABASE_URL="mysql://x/y"))
    assert sentence.startswith("DATABASE_URL must begin with postgres:// or sqlite://")


def test_a_database_that_is_away_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        database = closed.getsockname()[1]
    url = f"postgres://nobody@127.0.0.1:{database}/none"
    sentence = refused(up(DATA_DIR=str(tmp_path), PORT=str(port), DATABASE_URL=url))
    assert sentence.startswith("The database cannot be used: ")


def test_a_python_without_venv_is_told_what_to_install(checkout, tmp_path):
    shim = tmp_path / "shim"
    shim.mkdir()
    (shim / "ensurepip.py").write_text("raise ImportError('Debian keeps it in python3-venv')\n")
    sentence = refused(up("install", root=checkout, PYTHONPATH=str(shim), PATH="/nonexistent"))
    assert sentence == (
        "this Python has no venv module. Install it (Debian and Ubuntu: apt install python3-venv) and run this again."
    )


def test_an_old_python_can_read_the_sentence_that_refuses_it():
    source = (ROOT / "up.py").read_text()
    ast.parse(source, feature_version=(3, 7))
    script = f"import sys; sys.version_info = (3, 9, 2, 'final', 0)\nexec(compile({source!r}, 'up.py', 'exec'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "Watchbook needs Python 3.11 or newer; this is Python 3.9. Run it as `python3.12 up.py`, for example.\n"
    )


def wheel(folder, name="tinything"):
    """A wheel of one module; returns its SHA-256."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": b"here = True\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip('=')},{len(body)}\n"
        for file, body in files.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for file, body in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(file, body)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_installs_by_hash_once_and_refuses_another_content(checkout, tmp_path):
    digest = wheel(tmp_path)
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PATH": "/usr/bin:/bin"}
    lock = checkout / "requirements.lock"
    lock.write_text(f"tinything==1.0 --hash=sha256:{'0' * 64}\n")
    sentence = refused(up("install", root=checkout, **index))
    assert sentence.startswith("the packages cannot be installed: ")
    lock.write_text(f"tinything==1.0 --hash=sha256:{digest}\n")
    first = up("install", root=checkout, **index)
    second = up("install", root=checkout, **index)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "Installing" in first.stdout
    assert second.stdout == ""
    python = checkout / ".venv" / "bin" / "python"
    assert subprocess.run([str(python), "-c", "import tinything"]).returncode == 0


def test_the_last_line_of_a_tool_is_its_reason():
    assert bootstrap.last_line("a\n\n  ERROR: no wheel  \n\n") == "ERROR: no wheel"
    assert bootstrap.last_line("") == "no reason was given."
