"""What reaches a receiver, and what is never connected to."""

import asyncio
import os
import shutil
import socket
import ssl
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from graph_service.settings import Settings
from graph_service.webhooks.sending import (
    EXCERPT_CHARACTERS_MAX,
    Sender,
    UrlRefused,
    check_url,
    is_public,
    open_sender,
    signed_headers,
)
from graph_service.webhooks.subscriptions import Webhook, secrets_of
from tests.webhooks.conftest import Receiver, raw_server

pytestmark = pytest.mark.anyio
PRIVATE = Settings(webhook_private_hosts=True, webhook_timeout_s=0.5)
SECRET = "whsec_" + "A" * 43 + "="


@asynccontextmanager
async def sender_of(settings: Settings = PRIVATE) -> AsyncGenerator[Sender]:
    async with open_sender(settings) as sender:
        yield sender


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
        *("fec0::1", "2001:db8::1", "2001:0:7f00:1::", "64:ff9b:1::808:808"),
        *("64:ff9b:1:a9fe:a9:fe00::", "168.63.129.16", "::ffff:168.63.129.16"),
    ],
)
def test_an_address_of_an_inner_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://a.localhost/",
        "http://localhost/",
        "https://exa\\mple.com/",
        "https://ex\u00e4mple.com/",
        "https://example.com/" + "a" * 2_048,
    ],
)
def test_a_url_that_could_lead_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, Settings())


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("https://example.com/hook?shop=1", Settings()),
        ("https://example.com:8443/", Settings()),
        ("https://8.8.8.8/", Settings()),
        ("http://example.com/", Settings(webhook_http=True)),
        ("http://127.0.0.1:9000/", PRIVATE),
        ("http://localhost/", PRIVATE),
        ("https://10.0.0.1/", PRIVATE),
    ],
)
def test_a_url_that_is_allowed_stays_as_it_is(url: str, settings: Settings) -> None:
    assert check_url(url, settings) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_host_that_is_not_public_is_never_connected_to(
    receiver: Receiver, host: str
) -> None:
    async with sender_of(Settings()) as sender:
        result = await sender.send(receiver.url.replace("127.0.0.1", host), "{}", {})

    assert (result.status, result.fault) == (None, "address_refused")
    assert receiver.requests == []


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [302], {"Location": receiver.url}

    async with sender_of() as sender:
        result = await sender.send(receiver.url, "{}", {})

    assert (result.status, result.delivered, len(receiver.requests)) == (302, False, 1)


async def test_of_a_long_answer_a_little_is_kept(receiver: Receiver) -> None:
    receiver.text = b"no\x00t\n now " * 1_000_000

    async with sender_of() as sender:
        result = await sender.send(receiver.url, "{}", {})

    assert result.delivered
    assert result.excerpt.startswith("no t now no t")
    assert len(result.excerpt) <= EXCERPT_CHARACTERS_MAX


async def test_a_receiver_that_says_nothing_is_left_alone_after_a_while() -> None:
    async with raw_server(b"", closes=False) as url, sender_of() as sender:
        result = await sender.send(url, "{}", {})

    assert (result.status, result.fault) == (None, "timeout")


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000]
)
async def test_a_broken_answer_is_a_failure(answer: bytes) -> None:
    async with raw_server(answer) as url, sender_of() as sender:
        result = await sender.send(url, "{}", {})

    assert (result.delivered, result.fault) == (False, "broken_answer")


@pytest.mark.parametrize(
    ("url", "fault"),
    [("http://127.0.0.1:1/", "unreachable"), ("http://no-such-host.invalid/", "unreachable")],
)
async def test_a_host_that_is_not_there_is_a_failure(url: str, fault: str) -> None:
    async with sender_of() as sender:
        assert (await sender.send(url, "{}", {})).fault == fault


async def test_a_host_that_is_slow_to_look_up_holds_up_nothing_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ended = list[str](), threading.Event()
    real = socket.getaddrinfo

    def slow(host: str, *rest: Any, **more: Any) -> Any:
        if host != "slow.example":
            return real(host, *rest, **more)
        asked.append(host)
        assert ended.wait(10)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    most = min(32, (os.cpu_count() or 1) + 4)

    async with sender_of() as sender:
        held = [sender.send("http://slow.example/", "{}", {}) for _ in range(2 * most)]
        waiting = asyncio.gather(*held)
        await asyncio.sleep(0.05)
        other = await sender.send(receiver.url, "{}", {})
        async with asyncio.timeout(0.4):
            await asyncio.to_thread(bool)
        results = await waiting
        again = await sender.send("http://slow.example/", "{}", {})
        ended.set()

    assert other.delivered
    assert {one.fault for one in [*results, again]} == {"timeout"}
    assert len(asked) == 1


async def test_a_receiver_with_a_certificate_of_its_own_making_is_refused(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    more = ["-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    made = await asyncio.create_subprocess_exec(
        *make, *more, "-addext", "subjectAltName=DNS:localhost", stderr=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async with raw_server(b"", context=context) as url, sender_of() as sender:
        target = url.replace("http://127.0.0.1", "https://localhost")
        result = await sender.send(target, "{}", {})

    assert (result.delivered, result.fault) == (False, "tls_failed")


def test_each_secret_signs_for_the_standard_s_own_verifier() -> None:
    at = datetime.now(UTC)
    other = "whsec_" + "B" * 43 + "="

    headers = signed_headers([SECRET, other], "msg_1", at, '{"a":"ä"}')

    assert Verifier(SECRET).verify('{"a":"ä"}', headers) == {"a": "ä"}
    assert Verifier(other).verify('{"a":"ä"}', headers) == {"a": "ä"}
    assert headers["webhook-timestamp"] == str(int(at.timestamp()))


def test_secrets_differ_by_webhook_generation_and_pepper() -> None:
    one = Webhook("wh_1", "", "", (), 0)
    two = Webhook("wh_2", "", "", (), 0)
    later = Webhook("wh_1", "", "", (), 0, generation=2, rotated_ms=1_000)
    day = 86_400_000

    in_grace, after = secrets_of(b"p", later, 999 + day), secrets_of(b"p", later, 1_000 + day)

    found = [secrets_of(b"p", one, 0), secrets_of(b"p", two, 0), secrets_of(b"q", one, 0), after]
    assert len({secret for (secret,) in found}) == 4
    assert in_grace == [*after, *secrets_of(b"p", one, 0)]


def test_certificates_are_checked_by_default() -> None:
    import httpcore2

    context = httpcore2.default_ssl_context()

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
