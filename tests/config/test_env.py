"""Settings are read typed, and what cannot be used is said in one sentence."""

import pytest

from config.env import Env, SettingError, parse_env_file, read_environment


def test_it_reads_each_kind(tmp_path):
    env = Env({"N": "7", "B": "yes", "S": "2.5", "L": "1, 2.5", "W": "a, b,", "U": "https://w.example.com/"})
    assert env.integer("N", 1) == 7
    assert env.boolean("B", False) is True
    assert env.seconds("S", 1) == 2.5
    assert env.seconds_list("L", (9,)) == (1.0, 2.5)
    assert env.words("W") == ("a", "b")
    assert env.web_address("U", "http://x") == "https://w.example.com"
    assert env.path("P", tmp_path, shown="data") == tmp_path


def test_what_is_not_set_or_empty_is_the_default():
    env = Env({"PORT": ""})
    assert env.integer("PORT", 8000) == 8000
    assert env.text("NAME", "nobody") == "nobody"
    assert env.boolean("FLAG", True) is True


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda e: e.integer("X", 1, least=1, most=9), "X must be a whole number, not 'abc'."),
        (lambda e: e.boolean("X", False), "X must be yes or no, not 'abc'."),
        (lambda e: e.seconds("X", 1), "X must be a number of seconds, not 'abc'."),
        (lambda e: e.seconds_list("X", (1,)), "X must be numbers of seconds with commas between, not 'abc'."),
        (lambda e: e.choice("X", ("json", "console"), "json"), "X must be one of json, console, not 'abc'."),
        (
            lambda e: e.mailbox("X", room=9),
            "X must be an address such as bounce@example.com, with at most 9 characters before the @.",
        ),
        (lambda e: e.web_address("X", ""), "X must be a web address such as https://watch.example.com, not 'abc'."),
    ],
)
def test_an_unusable_value_is_one_sentence(read, sentence):
    with pytest.raises(SettingError) as caught:
        read(Env({"X": "abc"}))
    assert str(caught.value) == sentence


def test_a_number_out_of_bounds_says_the_bounds():
    with pytest.raises(SettingError, match="PORT must be between 1 and 65535, not 99999"):
        Env({"PORT": "99999"}).integer("PORT", 8000, least=1, most=65535)


def test_a_secret_comes_from_its_variable_or_its_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    assert Env({"TOKEN": "direct"}).secret("TOKEN") == "direct"
    assert Env({"TOKEN_FILE": str(file)}).secret("TOKEN") == "from-file"
    assert Env({}).secret("TOKEN") == ""


def test_a_secret_never_appears_in_an_error(tmp_path):
    with pytest.raises(SettingError) as both:
        Env({"TOKEN": "hunter2", "TOKEN_FILE": "/x"}).secret("TOKEN")
    with pytest.raises(SettingError) as missing:
        Env({"TOKEN_FILE": str(tmp_path / "none")}).secret("TOKEN")
    assert "hunter2" not in str(both.value)
    assert str(missing.value).startswith("TOKEN_FILE names ")
    assert str(missing.value).endswith("cannot be read: No such file or directory.")


def test_an_env_file_may_hold_comments_quotes_and_export():
    text = "# a comment\n\nexport PORT=9000\nPUBLIC_URL='https://w.example.com'\nEMPTY=\nURL=smtp://u:p=q@h\n"
    assert parse_env_file(text) == {
        "PORT": "9000",
        "PUBLIC_URL": "https://w.example.com",
        "EMPTY": "",
        "URL": "smtp://u:p=q@h",
    }


def test_a_line_that_is_no_setting_is_named_by_its_number_only():
    with pytest.raises(SettingError, match=r"^\.env line 2 is not NAME=value\.$"):
        parse_env_file("PORT=1\nthis is no setting\n")


def test_the_environment_wins_over_the_env_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\n")
    values = read_environment(tmp_path, {"PORT": "9100"})
    assert (values["PORT"], values["HOST"]) == ("9100", "0.0.0.0")


def test_an_empty_name_reads_no_env_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\n")
    assert "PORT" not in read_environment(tmp_path, {"WATCHBOOK_ENV_FILE": ""})


def test_another_env_file_can_be_named(tmp_path):
    (tmp_path / "other").write_text("PORT=9001\n")
    assert read_environment(tmp_path, {"WATCHBOOK_ENV_FILE": str(tmp_path / "other")})["PORT"] == "9001"


@pytest.mark.parametrize("value", ["a@b@c", "@example.com", "ten-signs-@example.com", "a b@example.com", "a@b,c@d"])
def test_a_mailbox_that_no_letter_could_come_back_to_is_refused(value):
    with pytest.raises(SettingError, match="with at most 9 characters before the @"):
        Env({"X": value}).mailbox("X", room=9)


def test_a_mailbox_is_an_address_or_nothing():
    assert Env({"X": "bounce@example.com"}).mailbox("X", room=16) == "bounce@example.com"
    assert Env({}).mailbox("X", room=16) == ""
