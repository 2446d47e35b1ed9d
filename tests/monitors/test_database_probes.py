"""What the probes of databases find and say: real logins and real questions where the servers run."""

import asyncio
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest
import redis as redis_library

from accounts.egress.guard import EgressRules
from monitors.probes import mysql, postgresql, redis, secure
from monitors.probes.trace import Outcome, Place
from tests.fakes.talker import hang, talking
from tests.monitors.authority import Signer
from tests.monitors.conftest import LOOPBACK

HERE = "127.0.0.1"
PASSWORD = "s3cret-pa55"
USER = f"watchbook_probe_{os.getpid()}"  # several suites may use one server


def answers(port):
    try:
        with socket.create_connection((HERE, port), 0.5):
            return True
    except OSError:
        return False


def peer(url_name, usual, package):
    """The port of a real server, or a skip that names what to install."""
    port = urlsplit(os.environ.get(url_name, "")).port or usual
    if not answers(port):
        pytest.skip(f"needs a running server on port {port}: Debian package {package}")
    return port


def closed_port():
    with socket.create_server((HERE, 0)) as server:
        return server.getsockname()[1]


# --- PostgreSQL


@pytest.fixture(scope="module")
def pg():
    port = peer("DATABASE_URL", 5432, "postgresql")
    dsn = f"host={HERE} port={port} user=postgres dbname=postgres connect_timeout=3"
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {USER}")
            connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
    except psycopg.OperationalError:
        pytest.skip("needs a PostgreSQL that lets postgres in on 127.0.0.1: Debian package postgresql")
    yield port
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {USER}")


def ask_pg(port, *, rules=LOOPBACK, timeout_s=5.0, host=HERE, user=USER, **more):
    more = {"password": PASSWORD, "database": "postgres", **more}
    check = postgresql.PostgresqlCheck(Place(host, port, False), timeout_s, user, **more)
    return asyncio.run(postgresql.run(check, rules))


def test_postgresql_lets_us_in_and_answers(pg):
    trace = ask_pg(pg)
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert trace.connect_us > 0
    assert trace.wait_us > 0
    assert trace.connect_us + trace.wait_us <= trace.total_us


@pytest.mark.parametrize(
    ("query", "expected", "words"),
    [
        ("SELECT 40 + 2", "42", ""),
        pytest.param("SELECT current_user", USER, "", id="who asks"),  # the same name in every worker
        ("SELECT true", "true", ""),
        ("SELECT 1", "2", "found “1”, and “2” was expected"),
        ("SELECT 1 WHERE false", "1", "found no row"),
        ("SELECT nothing", "", 'refused the query: column "nothing" does not exist'),
        ("CREATE TABLE x (y int)", "", "read-only transaction"),
        ("SELECT 1; SELECT 2", "", "cannot insert multiple commands"),
        ("SELECT generate_series(1, 5000)", "", "found more than 1,000 rows"),
    ],
)
def test_postgresql_is_asked_one_question_that_changes_nothing(pg, query, expected, words):
    trace = ask_pg(pg, query=query, expected=expected)
    assert words in trace.sentence
    assert trace.ok is not bool(words), trace.sentence


def test_postgresql_says_why_it_lets_nobody_in(pg):
    trace = ask_pg(pg, user="nobody_here")
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "login")
    assert 'role "nobody_here" does not exist' in trace.sentence
    assert 'database "nowhere" does not exist' in ask_pg(pg, database="nowhere").sentence


def test_postgresql_without_tls_is_told_when_tls_is_asked(pg):
    trace = ask_pg(pg, sslmode="verify-full")
    if trace.ok:
        pytest.skip("this server has TLS")
    assert trace.code == "tls"


def test_a_slow_question_ends_in_time(pg):
    began = time.monotonic()
    trace = ask_pg(pg, query="SELECT pg_sleep(20)", timeout_s=0.5)
    assert time.monotonic() - began < 4  # asyncio.run waits until the server was told
    assert (trace.code, trace.total_us < 1_500_000) == ("timeout", True)
    assert "took the login and did not answer the query within 0.5 s" in trace.sentence


def test_postgresql_that_wants_the_password_in_plain_text_does_not_get_it():
    heard = []

    def talk(connection):
        if connection.recv(1000)[4:8] == b"\x04\xd2\x16\x2f":  # may we speak TLS?
            connection.sendall(b"N")
            connection.recv(1000)
        connection.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")  # the password in plain text, please
        heard.append(connection.recv(1000))

    with talking(talk) as server:
        trace = ask_pg(server.port)
    assert trace.code == "login"
    assert "over TLS only" in trace.sentence
    assert PASSWORD.encode() not in b"".join(heard)


# --- MySQL and MariaDB


@pytest.fixture(scope="module")
def maria():
    port = peer("MARIADB_URL", 3306, "mariadb-server")
    try:
        with pymysql.connect(host=HERE, port=port, user="root", password="", connect_timeout=3) as connection:
            cursor = connection.cursor()
            cursor.execute(f"DROP USER IF EXISTS {USER}@'%'")
            cursor.execute(f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"DROP USER IF EXISTS {USER}@localhost")
            cursor.execute(f"CREATE USER {USER}@localhost IDENTIFIED BY '{PASSWORD}'")
    except pymysql.Error:
        pytest.skip("needs a MariaDB that lets root in on 127.0.0.1 without a password: Debian package mariadb-server")
    yield port
    with pymysql.connect(host=HERE, port=port, user="root", password="", connect_timeout=3) as connection:
        connection.cursor().execute(f"DROP USER IF EXISTS {USER}@'%', {USER}@localhost")


def ask_maria(port, *, rules=LOOPBACK, timeout_s=5.0, user=USER, **more):
    check = mysql.MysqlCheck(Place(HERE, port, False), timeout_s, user, **{"password": PASSWORD, **more})
    return asyncio.run(mysql.run(check, rules))


def test_mariadb_lets_us_in_and_answers(maria):
    trace = ask_maria(maria)
    assert (trace.outcome, trace.sentence) == (Outcome.OK, "")
    assert trace.connect_us > 0
    assert trace.wait_us > 0


@pytest.mark.parametrize(
    ("query", "expected", "words"),
    [
        ("SELECT 40 + 2", "42", ""),
        ("SELECT 'é'", "é", ""),
        ("SELECT 1", "2", "found “1”, and “2” was expected"),
        ("SELECT 1 FROM dual WHERE false", "1", "found no row"),
        ("SELECT nothing", "", "refused the query: Unknown column 'nothing'"),
        ("CREATE TABLE test.x (y int)", "", "refused the query"),
        ("SELECT 1; SELECT 2", "", "refused the query"),
        (
            "SELECT 1 FROM information_schema.collations a, information_schema.collations b",
            "",
            "found more than 1,000 rows",
        ),
    ],
)
def test_mariadb_is_asked_one_question_that_changes_nothing(maria, query, expected, words):
    trace = ask_maria(maria, query=query, expected=expected)
    assert words in trace.sentence
    assert trace.ok is not bool(words), trace.sentence


def test_mariadb_says_why_it_lets_nobody_in(maria):
    trace = ask_maria(maria, password="wrong-pa55")
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "login")
    assert "Access denied for user" in trace.sentence
    assert "wrong-pa55" not in trace.sentence


def test_mariadb_changes_nothing_for_somebody_who_may_change_everything(maria):
    trace = ask_maria(maria, user="root", password="", query="CREATE TABLE mysql.watchbook_probe (y int)")
    assert (trace.code, "READ ONLY" in trace.sentence) == ("query", True), trace.sentence


def test_mariadb_without_tls_is_told_when_tls_is_asked(maria):
    trace = ask_maria(maria, security="verify")
    assert trace.code == "tls"


def test_mariadb_that_does_not_answer_ends_in_time(maria):
    trace = ask_maria(maria, query="SELECT SLEEP(20)", timeout_s=0.5)
    assert (trace.code, trace.total_us < 1_500_000) == ("timeout", True)


def test_mariadb_that_wants_the_password_in_plain_text_does_not_get_it():
    heard = []
    greeting = (
        b"\x0a5.5.5-fake\x00\x01\x00\x00\x00" + b"a" * 8 + b"\x00" + b"\xff\xf7\x21\x02\x00\xff\x81\x15"
        + b"\x00" * 10 + b"b" * 12 + b"\x00mysql_native_password\x00"
    )  # fmt: skip

    def packet(number, data):
        return len(data).to_bytes(3, "little") + bytes([number]) + data

    def talk(connection):
        connection.sendall(packet(0, greeting))
        heard.append(connection.recv(1000))
        connection.sendall(packet(2, b"\xfemysql_clear_password\x00"))
        heard.append(connection.recv(1000))

    with talking(talk) as server:
        trace = ask_maria(server.port)
    assert trace.code == "login"
    assert "over TLS only" in trace.sentence
    assert heard
    assert PASSWORD.encode() not in b"".join(heard)


# --- Redis


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory):
    """A Redis of our own with a password, because the tests of the house use the one that runs."""
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server: Debian package redis-server")
    port = closed_port()
    command = ["redis-server", "--port", str(port), "--bind", HERE, "--save", "", "--requirepass", PASSWORD,
               "--dir", str(tmp_path_factory.mktemp("redis"))]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not answers(port):
        time.sleep(0.02)
    client = redis_library.Redis(host=HERE, port=port, password=PASSWORD)
    client.set("health", "fine")
    client.set("long", "x" * 100_000)
    client.execute_command("ACL", "SETUSER", "watcher", "on", f">{PASSWORD}", "+ping", "+get", "~health")
    client.close()
    yield port
    process.terminate()
    process.wait(5)


def ask_redis(port, *, rules=LOOPBACK, timeout_s=3.0, secure=False, **more):
    check = redis.RedisCheck(Place(HERE, port, secure), timeout_s, **{"password": PASSWORD, **more})
    return asyncio.run(redis.run(check, rules))


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({}, "", ""),
        ({"user": "watcher", "key": "health", "expected": "fine"}, "", ""),
        ({"key": "health"}, "", ""),
        ({"key": "health", "expected": "sick"}, "value", "is not “sick”"),
        ({"key": "gone"}, "value", "The key gone"),
        ({"key": "long"}, "too_large", "sent more than 65,536 bytes"),
        ({"key": "health", "database": 3}, "value", "is not there"),
        ({"database": 99}, "query", "refused SELECT"),
        ({"password": "wrong"}, "login", "did not accept the login: WRONGPASS"),
        ({"password": ""}, "login", "NOAUTH"),
        ({"user": "watcher", "key": "other"}, "login", "NOPERM"),
    ],
)
def test_redis_is_logged_in_to_and_asked(redis_port, more, code, words):
    trace = ask_redis(redis_port, **more)
    assert trace.code == code, trace.sentence
    assert words in trace.sentence
    assert trace.wait_us > 0


def test_redis_in_tls_is_verified(tmp_path, monkeypatch):
    root = Signer("Redis root", ca=True)
    bundle = tmp_path / "roots.pem"
    bundle.write_bytes(root.pem)
    monkeypatch.setattr(secure, "ca_file", lambda: str(bundle))
    good, bad = Signer(HERE, by=root).context(tmp_path), Signer(HERE).context(tmp_path)

    def pong(context):
        def talk(connection):
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(100)
                secured.sendall(b"+PONG\r\n")

        return talk

    with talking(pong(good)) as server:
        assert ask_redis(server.port, secure=True, password="").ok
    with talking(pong(bad)) as server:
        assert "is self-signed" in ask_redis(server.port, secure=True, password="").sentence


# --- what holds for all of them

PROBES = {"postgresql": ask_pg, "mysql": ask_maria, "redis": ask_redis}


@pytest.mark.parametrize("name", PROBES)
def test_nobody_there_is_refused(name):
    trace = PROBES[name](closed_port())
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "refused"), trace.sentence


@pytest.mark.parametrize("name", PROBES)
def test_something_else_there_is_told(name):
    with talking(lambda c: (c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 20), c.recv(1000))) as server:
        trace = PROBES[name](server.port)
    assert trace.outcome is Outcome.FAILED
    assert trace.code == "protocol"
    assert f"127.0.0.1:{server.port} does not speak the protocol of" in trace.sentence


@pytest.mark.parametrize("name", PROBES)
def test_silence_ends_in_time(name):
    began = time.monotonic()
    with talking(hang) as server:
        trace = PROBES[name](server.port, timeout_s=0.4)
    assert time.monotonic() - began < 1.5
    assert (trace.outcome, trace.code) == (Outcome.FAILED, "timeout"), trace.sentence
    assert "within 0.4 s" in trace.sentence


@pytest.mark.parametrize("name", PROBES)
def test_our_own_database_and_broker_are_never_called(name):
    with talking(hang) as server:
        address = ipaddress.ip_address(HERE)
        own = frozenset({(address, server.port)})
        trace = PROBES[name](server.port, rules=EgressRules(LOOPBACK.allowed, own=own))
        assert trace.sentence == f"{HERE}:{server.port} belongs to Watchbook itself, which it never calls."
        assert (trace.outcome, server.seen) == (Outcome.BLOCKED, 0)


@pytest.mark.parametrize(
    "check",
    [
        postgresql.PostgresqlCheck(Place(HERE, 1, False), 1.0, "u", "d", PASSWORD),
        mysql.MysqlCheck(Place(HERE, 1, False), 1.0, "u", "d", PASSWORD),
        redis.RedisCheck(Place(HERE, 1, False), 1.0, "u", PASSWORD),
    ],
)
def test_a_check_that_is_printed_shows_no_password(check):
    assert PASSWORD not in repr(check)
