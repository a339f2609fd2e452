"""Whom the desk trusts, over real handshakes: each bad certificate is named and nothing is sent."""

import asyncio
import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import trustme

from lumedesk.api.tls import (
    Certificate,
    Distrust,
    distrust_of,
    for_looking_only,
    read_certificate,
    system_trust,
    why_insecure,
)
from lumedesk.domain.errors import DeskError, TlsFailed, Unreachable, Wire
from tests.support.raw_server import Connection, RawServer, Script, http
from tests.support.tls import serving
from tests.support.wire import SECRET, a_client

RECEIPT = http(201, b'{"transactionId":"w1","status":"PENDING"}')


async def order_to(url: str, *, extra_ca: Path | None = None, proxy: str | None = None) -> DeskError | None:
    async with a_client(url, extra_ca=extra_ca, proxy=proxy) as client:
        try:
            await client.create_withdrawal("ben_1", Decimal(1))
        except DeskError as error:
            return error
        return None


def refusal(context: ssl.SSLContext, extra_ca: Path | None) -> DeskError:
    async def scenario() -> DeskError:
        async with RawServer([RECEIPT], ssl_context=context) as server:
            error = await order_to(server.url, extra_ca=extra_ca)
            assert error is not None
            assert not server.requests
            return error

    error = asyncio.run(scenario())
    assert (type(error), error.wire) == (TlsFailed, Wire.NOT_SENT)
    return error


def test_an_extra_authority_is_trusted(authority: trustme.CA, extra_ca: Path) -> None:
    async def scenario() -> None:
        async with RawServer([RECEIPT], ssl_context=serving(authority.issue_cert("localhost"))) as server:
            assert await order_to(server.url, extra_ca=extra_ca) is None
            assert server.requests[0].headers["x-api-secret"] == SECRET

    asyncio.run(scenario())


def test_an_unknown_authority_is_named(authority: trustme.CA) -> None:
    error = refusal(serving(authority.issue_cert("localhost")), None)
    assert "authority this computer doesn't trust" in error.detail


def test_another_host_name_is_named(authority: trustme.CA, extra_ca: Path) -> None:
    error = refusal(serving(authority.issue_cert("other.example")), extra_ca)
    assert "another host name" in error.detail


def test_an_expired_certificate_is_named(authority: trustme.CA, extra_ca: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    error = refusal(serving(authority.issue_cert("localhost", not_after=yesterday)), extra_ca)
    assert "expired" in error.detail


def test_an_old_server_is_named() -> None:
    async def old(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(bytes.fromhex("15030200020246"))  # what TLS 1.1 says to 1.2: fatal, protocol_version

    async def scenario() -> DeskError | None:
        async with RawServer([old]) as server:
            return await order_to(f"https://localhost:{server.port}")

    error = asyncio.run(scenario())
    assert isinstance(error, TlsFailed)
    assert error.wire is Wire.NOT_SENT
    assert "older than 1.2" in error.detail


def test_tls_1_1_gets_nothing(authority: trustme.CA, extra_ca: Path) -> None:
    context = serving(authority.issue_cert("localhost"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")

    async def scenario() -> None:
        async with RawServer([RECEIPT], ssl_context=context) as server:
            error = await order_to(server.url, extra_ca=extra_ca)
            # asyncio's server drops its farewell alert, so that the fault can't always be named here.
            assert isinstance(error, TlsFailed | Unreachable)
            assert error.wire is Wire.NOT_SENT
            assert not server.requests

    asyncio.run(scenario())


def test_plain_http_on_a_tls_port_is_named() -> None:
    async def plain(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def scenario() -> DeskError | None:
        async with RawServer([plain]) as server:
            return await order_to(f"https://localhost:{server.port}")

    error = asyncio.run(scenario())
    assert isinstance(error, TlsFailed)
    assert error.wire is Wire.NOT_SENT
    assert "doesn't speak TLS" in error.detail


@pytest.mark.parametrize(("resets", "words"), [(False, "while it was being made secure"), (True, "reset")])
def test_a_handshake_that_is_cut_is_a_network_fault(resets: bool, words: str) -> None:
    async def cut(connection: Connection) -> None:
        await connection.reader.read(1)
        if resets:
            connection.reset()

    async def scenario() -> DeskError | None:
        async with RawServer([cut]) as server:
            return await order_to(f"https://localhost:{server.port}")

    error = asyncio.run(scenario())
    assert isinstance(error, Unreachable)
    assert error.wire is Wire.NOT_SENT
    assert words in error.detail


@pytest.mark.parametrize(
    ("code", "distrust"),
    [
        (0x800B0109, Distrust.UNKNOWN_AUTHORITY),
        (0x800B0101, Distrust.EXPIRED),
        (0x800B010F, Distrust.OTHER_NAME),
        (-67843, Distrust.UNKNOWN_AUTHORITY),
        (-67818, Distrust.EXPIRED),
        (-67602, Distrust.OTHER_NAME),
    ],
)
def test_the_verdicts_of_windows_and_macos_have_the_same_words(code: int, distrust: Distrust) -> None:
    """Stands in for those systems, which this test has not: the error is made as truststore makes it there."""
    error = ssl.SSLCertVerificationError("the system's own words")
    error.verify_code = code
    error.verify_message = "the system's own words"
    wrapped = httpx.ConnectError("no")
    wrapped.__cause__ = error
    assert (distrust_of(wrapped), why_insecure(wrapped)) == (distrust, distrust.value)


def test_another_verdict_is_told_in_the_systems_words() -> None:
    error = ssl.SSLCertVerificationError("x")
    error.verify_code = 79
    error.verify_message = "invalid CA certificate"
    assert distrust_of(error) is None
    assert why_insecure(error) == "The server's certificate was not accepted: invalid CA certificate."


def test_a_certificate_is_read(authority: trustme.CA) -> None:
    leaf = authority.issue_cert("a.example", "10.0.0.1", "*.b.example")
    read = read_certificate(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode()))
    assert read is not None
    assert (read.names, read.issuer, read.is_self_issued) == (
        ("a.example", "10.0.0.1", "*.b.example"),
        "trustme v" + trustme.__version__,
        False,
    )
    root = read_certificate(ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode()))
    assert root is not None
    assert root.is_self_issued


def test_a_broken_certificate_is_not_read(authority: trustme.CA) -> None:
    der = ssl.PEM_cert_to_DER_cert(authority.issue_cert("a.example").cert_chain_pems[0].bytes().decode())
    assert all(read_certificate(der[:length]) is None for length in range(len(der)))
    # One byte changed may still make a certificate; what must not happen is that reading it raises.
    outcomes = {type(read_certificate(der[:at] + bytes([der[at] ^ 0xFF]) + der[at + 1 :])) for at in range(len(der))}
    assert outcomes == {Certificate, type(None)}


def test_the_context_for_looking_trusts_anyone_and_no_old_version() -> None:
    context = for_looking_only()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_unreadable_extra_authority_sends_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    async def scenario() -> DeskError | None:
        async with RawServer([RECEIPT]) as server:
            error = await order_to(f"https://localhost:{server.port}", extra_ca=path)
            assert server.connections == 0
            return error

    error = asyncio.run(scenario())
    assert isinstance(error, TlsFailed)
    assert error.wire is Wire.NOT_SENT


def test_the_context_checks_names_and_versions() -> None:
    context = system_trust()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert getattr(context, "keylog_filename", None) is None


def tunnel(answer: bytes, seen: list[str], forward_to: Callable[[], int] | None = None) -> Script:
    """Play a proxy: answer CONNECT, then carry bytes both ways."""

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()

    async def play(connection: Connection) -> None:
        request = await connection.request()
        seen.append(f"{request.method} {request.target} {sorted(request.headers)}")
        await connection.send(answer)
        if forward_to is None:
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", forward_to())
        try:
            tasks = [
                asyncio.ensure_future(carry(connection.reader, writer)),
                asyncio.ensure_future(carry(reader, connection.writer)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            writer.close()

    return play


def test_a_proxy_sees_only_where_to_connect(authority: trustme.CA, extra_ca: Path) -> None:
    seen: list[str] = []

    async def scenario() -> None:
        context = serving(authority.issue_cert("localhost"))
        async with (
            RawServer([RECEIPT], ssl_context=context) as server,
            RawServer([tunnel(b"HTTP/1.1 200 OK\r\n\r\n", seen, lambda: server.port)]) as proxy,
        ):
            assert await order_to(server.url, extra_ca=extra_ca, proxy=proxy.url) is None
            assert len(server.requests) == 1
            assert seen == [f"CONNECT localhost:{server.port} ['accept', 'host']"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer", [http(407), http(502), b"", b"garbage\r\n\r\n"], ids=["407", "502", "cut", "garbage"]
)
def test_a_proxy_that_fails_to_connect_has_sent_nothing(answer: bytes) -> None:
    seen: list[str] = []

    async def scenario() -> DeskError | None:
        async with RawServer([tunnel(answer, seen)]) as proxy:
            return await order_to("https://api.lumetrade.invalid", proxy=proxy.url)

    error = asyncio.run(scenario())
    assert error is not None
    assert error.wire is Wire.NOT_SENT
    assert seen[0].startswith("CONNECT api.lumetrade.invalid:443 ")


def test_plain_http_to_this_computer_goes_past_the_proxy() -> None:
    async def scenario() -> None:
        async with RawServer([RECEIPT]) as server, RawServer([RECEIPT]) as proxy:
            assert await order_to(server.url, proxy=proxy.url) is None
            assert (server.connections, proxy.connections) == (1, 0)

    asyncio.run(scenario())
