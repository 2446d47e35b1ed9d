"""docs/webhooks.md: its recipes check a real request, and its tables are the code's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from incidents.webhooks.catalog import GROUPS, KINDS
from incidents.webhooks.services import rotate_secret
from incidents.webhooks.states import REASONS, STATES

DOC = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()


def recipe(language):
    return re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)[1]


@pytest.fixture
def hook(house):
    """A request as it came, and the secrets that may check it."""
    endpoint = house.endpoint(events=["incident.declared"])
    old = endpoint.secret
    rotate_secret(endpoint, now=house.now, reason="Quarterly")
    house.declares("Zürich, “Payments” – ½ fail")
    house.sends()
    (came,) = house.sink.hooks
    return came, (endpoint.secret, old)


@pytest.mark.django_db
@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the command openssl")
def test_the_recipe_for_a_shell_tells_genuine_from_forged(hook, tmp_path):
    came, secrets = hook

    def says(secret, body):
        (tmp_path / "body.json").write_bytes(body)
        given = {name.upper().replace("-", "_"): came.headers[name] for name in came.headers if name[:7] == "webhook"}
        env = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, **given}
        done = subprocess.run(["sh", "-c", recipe("sh")], cwd=tmp_path, env=env, capture_output=True, text=True)
        return done.stdout.strip(), done.returncode

    for secret in secrets:
        assert says(secret, came.body) == ("genuine", 0)
    assert says(secrets[0], came.body + b" ") == ("forged", 1)
    assert says("whsec_" + "A" * 43 + "=", came.body) == ("forged", 1)


@pytest.mark.django_db
def test_the_recipe_for_python_tells_genuine_from_forged_and_old(hook, house):
    came, secrets = hook
    made = {}
    exec(recipe("python"), made)
    is_genuine, then = made["is_genuine"], house.now.timestamp()
    for secret in secrets:
        assert is_genuine(secret, came.headers, came.body, lambda: then + 200)
    assert not is_genuine(secrets[0], came.headers, came.body, lambda: then + 400)
    assert not is_genuine(secrets[0], came.headers, came.body[:-1], lambda: then)


def test_every_event_state_and_reason_is_described_and_no_other_event():
    table = DOC.split("| event | when |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_.*]+)` \|", table, re.MULTILINE)) == {*GROUPS, *KINDS}
    for word in (*STATES, *filter(None, REASONS)):
        assert f"`{word}`" in DOC, word
