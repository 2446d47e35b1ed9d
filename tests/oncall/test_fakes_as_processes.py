"""The fakes run as processes of their own, for tests that start ours."""

import base64
import json
import smtplib
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest

from tests.fakes.twilio import ACCOUNT, TOKEN, signature


@pytest.fixture
def start():
    running = []

    def run(module, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        return process, json.loads(process.stdout.readline())

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def listener():
    """A server that keeps the callbacks it gets."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, dict(parse_qsl(body, keep_blank_values=True)), self.headers["X-Twilio-Signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def post(url, data, *, headers=None):
    request = urllib.request.Request(url, data=data, headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def test_twilio_takes_texts_and_reports_signed_to_the_address_it_is_given(start, listener):
    base, got = listener
    _, where = start("tests.fakes.twilio", "--callback-base", base, "--report", "sent,delivered")
    form = b"To=%2B447700900001&From=%2B15005550006&Body=hello&StatusCallback=https://w.example/in/twilio/status"
    basic = {"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}
    made = post(f"{where['url']}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", form, headers=basic)
    for _ in range(100):
        if len(got) == 2:
            break
        threading.Event().wait(0.05)
    assert [params["MessageStatus"] for _, params, _ in got] == ["sent", "delivered"]
    for path, params, signed in got:
        assert (path, params["MessageSid"]) == ("/in/twilio/status", made["sid"])
        assert signed == signature(TOKEN, "https://w.example/in/twilio/status", params)
    texts = post(f"{where['url']}/fake/texts", b"{}")
    assert [(text["to"], text["body"]) for text in texts] == [("+447700900001", "hello")]
    inbound = {"url": "https://w.example/in/twilio/sms", "from": "+447700900001", "body": "4"}
    assert post(f"{where['url']}/fake/inbound", json.dumps(inbound).encode())["http"] == 204
    assert got[-1][1]["Body"] == "4"


def test_the_mail_server_prints_what_it_is_given(start):
    process, where = start("tests.fakes.smtp")
    with smtplib.SMTP("127.0.0.1", where["port"], timeout=10) as client:
        client.sendmail("a@x.example", ["b@x.example"], "Subject: Hello\r\nMessage-ID: <1@x>\r\n\r\nWorld\r\n")
    printed = json.loads(process.stdout.readline())
    assert (printed["to"], printed["subject"], printed["body"].strip()) == (["b@x.example"], "Hello", "World")
