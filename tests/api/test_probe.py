"""Test connection, against real servers: the step that fails is named, in words for people, and no secret goes astray."""

import asyncio
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lumedesk.api import probe
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.probe import Report, Verdict
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    Redirected,
    ServerFault,
    TimedOut,
    TlsFailed,
    Unauthorised,
    Unreachable,
    Unreadable,
)
from tests.support.clock import FakeClock
from tests.support.raw_server import (
    Connection,
    RawServer,
    Script,
    close_at_once,
    dripping_header,
    http,
    mute,
    reset_after_request,
)
from tests.support.tls import serving
from tests.support.wire import CREDENTIALS, SECRET

ACCOUNTS = b'[{"id":"acc_1","currency":"ZAR","balance":1},{"id":"acc_2","currency":"USDT","balance":2}]'
OK = http(200, ACCOUNTS)
NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
TODAY = datetime.now(UTC).replace(microsecond=0)  # certificates are judged by the computer's own clock
ENVELOPE = b'{"code":1,"message":"no","httpStatus":%d,"requestId":"r","timestamp":"2026-01-01T00:00:00Z","errors":[]}'


def tried(
    endpoint: Endpoint, *, credentials: Credentials = CREDENTIALS, at: datetime = NOW, **settings: Any
) -> "asyncio.Task[Report]":
    return asyncio.ensure_future(probe.test_connection(endpoint, credentials, FakeClock(at), **settings))


def report_of(
    script: bytes | Script,
    *,
    context: ssl.SSLContext | None = None,
    extra_ca: Path | None = None,
    scheme: str = "",
    at: datetime = NOW,
    requests: int | None = None,
    **settings: Any,
) -> Report:
    """Try a server that plays `script`; `requests` is how many it must have heard."""

    async def scenario() -> Report:
        async with RawServer([script], ssl_context=context) as server:
            url = f"{scheme}://localhost:{server.port}" if scheme else server.url
            report = await tried(Endpoint(url, extra_ca=extra_ca), at=at, **settings)
            assert requests is None or len(server.requests) == requests
            return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    return report


def assert_well_formed(report: Report) -> None:
    assert [step.name for step in report.steps] == ["Address", "Secure connection", "API key", "Permission", "Clock"]
    assert all(step.words for step in report.steps)
    assert report.is_good == (report.error is None)
    assert SECRET not in repr(report) + str(report.error)


def verdicts(report: Report) -> str:
    """One letter per step: Passed, Failed, Warned, Skipped."""
    return "".join(step.verdict.name[0] for step in report.steps)


def failure(report: Report) -> tuple[str, str]:
    (step,) = (step for step in report.steps if step.verdict is Verdict.FAILED)
    return step.name, step.words


# What works


def test_a_good_connection_passes_every_step() -> None:
    dated = http(200, ACCOUNTS, headers={"Date": format_datetime(NOW, usegmt=True)})
    report = report_of(dated, requests=1)
    assert verdicts(report) == "PSPPP"
    assert report.account_ids == {"acc_1", "acc_2"}
    assert "this computer only" in report.steps[1].words
    assert "sees 2" in report.steps[3].words


def test_a_key_that_sees_no_account_is_good() -> None:
    report = report_of(http(200, b"[]"))
    assert (report.is_good, report.account_ids) == (True, frozenset())
    assert "there is none yet" in report.steps[3].words


def test_accounts_that_cannot_be_read_are_a_warning() -> None:
    report = report_of(http(200, b'[{"id":"acc_1"},{"id":7}]'))
    assert verdicts(report) == "PSPWS"
    assert "1 of 2 can't be read" in report.steps[3].words


def test_the_connection_is_closed_at_the_end() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()

        async def keeps_open(connection: Connection) -> None:
            await connection.request()
            await connection.send(OK)
            assert await connection.reader.read() == b""
            closed.set()

        async with RawServer([keeps_open]) as server:
            assert (await tried(Endpoint(server.url))).is_good
            await asyncio.wait_for(closed.wait(), 5)

    asyncio.run(scenario())


# The clock


@pytest.mark.parametrize(
    ("server_is_ahead_s", "verdict", "words"),
    [
        (0, "P", "agrees"),
        (29, "P", "agrees"),
        (-29, "P", "agrees"),
        (45, "W", "45 seconds behind the server's. Let"),
        (-45, "W", "45 seconds ahead of the server's. Let"),
        (299, "W", "5 minutes behind the server's. Let"),
        (420, "W", "7 minutes behind the server's: quotes would be dropped"),
        (-10_800, "W", "3 hours ahead of the server's: quotes would be dropped"),
        (-864_000, "W", "10 days ahead of the server's: quotes would be dropped"),
    ],
)
def test_the_clocks_are_compared(server_is_ahead_s: int, verdict: str, words: str) -> None:
    date = format_datetime(NOW + timedelta(seconds=server_is_ahead_s), usegmt=True)
    report = report_of(http(200, ACCOUNTS, headers={"Date": date}))
    assert report.is_good
    assert verdicts(report)[4] == verdict
    assert words in report.steps[4].words


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_a_server_that_tells_no_time_skips_the_clock(headers: dict[str, str]) -> None:
    report = report_of(http(200, ACCOUNTS, headers=headers))
    assert (report.is_good, verdicts(report)[4]) == (True, "S")
    assert "didn't say what time" in report.steps[4].words


# The address


def report_at(endpoint: Endpoint, **settings: Any) -> Report:
    async def scenario() -> Report:
        return await tried(endpoint, **settings)

    report = asyncio.run(scenario())
    assert_well_formed(report)
    return report


def closed_port() -> int:
    async def scenario() -> int:
        async with RawServer([OK]) as server:
            return server.port

    return asyncio.run(scenario())


def test_a_name_that_does_not_exist_is_named() -> None:
    report = report_at(Endpoint("https://api.lumetrade.invalid"))
    assert isinstance(report.error, Unreachable)
    assert verdicts(report) == "FSSSS"
    assert failure(report)[1].startswith("The server's name api.lumetrade.invalid can't be found (DNS).")


def test_a_proxy_whose_name_does_not_exist_is_named() -> None:
    report = report_at(Endpoint("https://api.lumetrade.invalid", proxy="http://proxy.corp.invalid:3128"))
    assert verdicts(report) == "FSSSS"
    assert failure(report)[1].startswith("The proxy's name proxy.corp.invalid can't be found (DNS).")


def test_a_refused_connection_is_named() -> None:
    report = report_at(Endpoint(f"https://127.0.0.1:{closed_port()}"))
    assert verdicts(report) == "FSSSS"
    assert failure(report) == ("Address", "The server 127.0.0.1 can't be reached. The connection was refused.")


def test_a_proxy_that_refuses_to_connect_is_named() -> None:
    proxy = f"http://127.0.0.1:{closed_port()}"
    report = report_at(Endpoint("https://api.lumetrade.invalid", proxy=proxy))
    assert failure(report) == ("Address", f"The proxy {proxy} can't be reached. The connection was refused.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(407), "asks for a password"),
        (http(502), "The proxy refused the connection: 502"),
        (b"garbage\r\n\r\n", "doesn't answer as a proxy does"),
        (b"", "can't be reached. The connection closed"),
    ],
    ids=["407", "502", "garbage", "cut"],
)
def test_a_proxy_that_fails_is_blamed(answer: bytes, words: str) -> None:
    async def scenario() -> Report:
        async with RawServer([answer]) as proxy:
            report = await tried(Endpoint("https://api.lumetrade.invalid", proxy=proxy.url))
            assert [request.method for request in proxy.requests] == ["CONNECT"]
            return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert verdicts(report) == "FSSSS"
    assert words in failure(report)[1]
    assert "roxy" in failure(report)[1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(status: int) -> None:
    async def scenario() -> Report:
        async with RawServer([OK]) as other:
            location = f"http://127.0.0.1:{other.port}/login"
            async with RawServer([http(status, headers={"Location": location})]) as server:
                report = await tried(Endpoint(server.url))
            assert other.connections == 0
            assert location in failure(report)[1]
            return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert isinstance(report.error, Redirected)
    assert failure(report)[0] == "Address"


@pytest.mark.parametrize(
    "answer",
    [
        http(200, b"<html>Please log in to HotelNet</html>", headers={"Content-Type": "text/html"}),
        http(200, b'{"status":"ok"}'),
        http(200),
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n",
    ],
    ids=["HTML", "another API", "nothing", "SSH"],
)
def test_something_else_than_the_api_is_named(answer: bytes) -> None:
    report = report_of(answer)
    assert isinstance(report.error, Unreadable)
    assert failure(report)[0] == "Address"
    assert "isn't the API" in failure(report)[1]
    assert "sign-in page" in failure(report)[1]


ANSWERS: dict[str, tuple[bytes, type[Exception], str, str, str]] = {
    "401": (http(401), Unauthorised, "PSFSS", "API key", "doesn't accept this key"),
    "403": (http(403, ENVELOPE % 403), Forbidden, "PSPFS", "Permission", "The key may not read accounts (HTTP 403)."),
    "403 of a firewall": (http(403, b"<html>"), Forbidden, "PSSFS", "Permission", "firewall or proxy"),
    "404": (http(404), NotFound, "FSSSS", "Address", "the API isn't found there"),
    "408": (http(408), TimedOut, "FSSSS", "Address", "HTTP 408"),
    "429": (http(429, headers={"Retry-After": "7"}), RateLimited, "PSFSS", "API key", "Test again in 7 seconds"),
    "503": (http(503), ServerFault, "FSSSS", "Address", "problem of its own (HTTP 503)"),
    "511": (http(511), ServerFault, "FSSSS", "Address", "sign-in of its own"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_refusal_is_laid_to_the_right_step_at_the_first_answer(case: str) -> None:
    answer, kind, steps, name, words = ANSWERS[case]
    report = report_of(answer, requests=1)
    assert type(report.error) is kind
    assert verdicts(report) == steps
    assert failure(report)[0] == name
    assert words in failure(report)[1]
    assert not report.account_ids


def test_what_the_server_writes_is_shown_tame() -> None:
    report = report_of(http(418, b'{"message":"\\u202ehidden"}'))
    assert "⟨U+202E⟩hidden" in failure(report)[1]


@pytest.mark.parametrize("script", [mute, dripping_header], ids=["mute", "dripping"])
def test_the_time_is_bounded(script: Script) -> None:
    report = report_of(script, deadline_s=0.3)
    assert isinstance(report.error, TimedOut)
    assert failure(report)[0] == "Address"
    assert "no complete answer" in failure(report)[1]


@pytest.mark.parametrize("script", [close_at_once, reset_after_request], ids=["closed", "reset"])
def test_a_lost_connection_is_named(script: Script) -> None:
    report = report_of(script)
    assert isinstance(report.error, Unreachable)
    assert "was reached, but gave no complete answer" in failure(report)[1]


def test_a_test_can_be_cancelled_and_leaves_nothing_open() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()

        async def waits(connection: Connection) -> None:
            await connection.request()
            assert await connection.reader.read() == b""
            closed.set()

        async with RawServer([waits]) as server:
            testing = tried(Endpoint(server.url))
            await server.heard.wait()
            testing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await testing
            await asyncio.wait_for(closed.wait(), 5)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (Credentials("key", Secret("")), "Enter the API secret."),
        (Credentials("ke\ny", Secret("secret")), "The API key holds characters that no request can carry"),
    ],
)
def test_credentials_that_cannot_be_sent_are_named_before_connecting(credentials: Credentials, words: str) -> None:
    async def scenario() -> Report:
        async with RawServer([OK]) as server:
            report = await tried(Endpoint(server.url), credentials=credentials)
            assert server.connections == 0
            return report

    report = asyncio.run(scenario())
    assert verdicts(report) == "SSFSS"
    assert words in failure(report)[1]


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Contoso Proxy CA")


def self_made(folder: Path, subject: str, issuer: str = "", names: tuple[str, ...] = ("localhost",)) -> ssl.SSLContext:
    """Serve a certificate with any text in it, signed by its own key whoever it says it comes from."""
    key = ec.generate_private_key(ec.SECP256R1())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may be longer than the standard allows: nothing stops a hostile server
        made = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, _validate=False)])
            for text in (subject, issuer or subject)
        ]
    certificate = (
        x509.CertificateBuilder(made[1], made[0], key.public_key(), 7)
        .not_valid_before(TODAY - timedelta(days=1))
        .not_valid_after(TODAY + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "self-made.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Listener:
    """A TLS server over plain sockets that answers nothing and keeps every byte sent to it inside TLS.

    It is not asyncio's own server, which tells of a connection only once its handshake is complete.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._ended = asyncio.Semaphore(0)
        self.heard = bytearray()

    async def __call__(self, connection: Connection) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = self._context.wrap_bio(incoming, outgoing, server_side=True)
        step: Callable[[], None] = engine.do_handshake

        def keep() -> None:
            self.heard += engine.read(65_536)

        try:
            while True:
                try:
                    step()
                    step = keep
                except ssl.SSLWantReadError:
                    await connection.send(outgoing.read())
                    data = await connection.reader.read(65_536)
                    if not data:
                        return
                    incoming.write(data)
        except (ssl.SSLError, ConnectionError):
            return
        finally:
            self._ended.release()

    async def wait_for_ends(self, count: int) -> None:
        """Wait until `count` connections have come and gone."""
        for _ in range(count):
            await asyncio.wait_for(self._ended.acquire(), 5)


def insecure(context: ssl.SSLContext, extra_ca: Path | None = None) -> str:
    """Test a connection that TLS must refuse; what it says about that. The server must get no byte of a request."""

    async def scenario() -> Report:
        listener = Listener(context)
        async with RawServer([listener]) as server:
            report = await tried(Endpoint(f"https://localhost:{server.port}", extra_ca=extra_ca), at=TODAY)
            # One to be refused, one to look at the certificate.
            await listener.wait_for_ends(2)
            assert server.connections == 2
            assert listener.heard == b""
            return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert isinstance(report.error, TlsFailed)
    assert verdicts(report) == "PFSSS"
    return failure(report)[1]


def test_the_listener_hears_what_is_sent_inside_tls(authority: trustme.CA, extra_ca: Path) -> None:
    async def scenario() -> None:
        listener = Listener(serving(authority.issue_cert("localhost")))
        async with RawServer([listener]) as server:
            endpoint = Endpoint(f"https://localhost:{server.port}", extra_ca=extra_ca)
            assert isinstance((await tried(endpoint, deadline_s=0.3)).error, TimedOut)
            await listener.wait_for_ends(1)
            assert SECRET.encode() in listener.heard

    asyncio.run(scenario())


def test_tls_trusted(authority: trustme.CA, extra_ca: Path) -> None:
    report = report_of(OK, context=serving(authority.issue_cert("localhost")), extra_ca=extra_ca, requests=1)
    assert verdicts(report) == "PPPPS"
    assert "encrypted" in report.steps[1].words


def test_tls_from_an_unknown_authority_names_it(authority: trustme.CA) -> None:
    words = insecure(serving(authority.issue_cert("localhost")))
    assert words == (
        "The server's certificate comes from an authority this computer doesn't trust. "
        'It was issued by "Contoso Proxy CA".'
    )


def test_tls_from_an_unknown_authority_names_its_common_name(tmp_path: Path) -> None:
    words = insecure(self_made(tmp_path, "localhost", issuer="Fabrikam Inspection CA 2"))
    assert 'issued by "Fabrikam Inspection CA 2".' in words


def test_tls_from_an_unknown_authority_that_sends_its_root_names_it(authority: trustme.CA, tmp_path: Path) -> None:
    leaf = authority.issue_cert("localhost")
    chain = tmp_path / "chain.pem"
    chain.write_bytes(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    words = insecure(context)
    assert "its root is self-signed" in words
    assert 'issued by "Contoso Proxy CA"' in words


def test_tls_for_another_host_name_says_for_which(authority: trustme.CA, extra_ca: Path) -> None:
    names = ("login.hotel.example", "hotel.example", "10.0.0.1", "a.example", "b.example", "c.example")
    words = insecure(serving(authority.issue_cert(*names)), extra_ca)
    assert words == (
        "The server's certificate is for another host name. "
        "It is for login.hotel.example, hotel.example, 10.0.0.1, a.example and 2 more."
    )


def test_tls_for_another_address_says_for_which(authority: trustme.CA, extra_ca: Path) -> None:
    async def scenario() -> Report:
        async with RawServer([OK], ssl_context=serving(authority.issue_cert("10.0.0.1"))) as server:
            report = await tried(Endpoint(f"https://127.0.0.1:{server.port}", extra_ca=extra_ca))
            assert not server.requests
            return report

    report = asyncio.run(scenario())
    assert failure(report)[1] == "The server's certificate is for another IP address. It is for 10.0.0.1."


def test_tls_expired_says_since_when(authority: trustme.CA, extra_ca: Path) -> None:
    ended = TODAY - timedelta(days=3)
    words = insecure(serving(authority.issue_cert("localhost", not_after=ended)), extra_ca)
    assert words == (
        f"The server's certificate has expired. It expired on {ended:%Y-%m-%d %H:%M} UTC; "
        f"this computer's clock says {TODAY:%Y-%m-%d %H:%M} UTC."
    )


def test_tls_not_yet_valid_says_from_when(authority: trustme.CA, extra_ca: Path) -> None:
    begins = TODAY + timedelta(days=3)
    words = insecure(serving(authority.issue_cert("localhost", not_before=begins)), extra_ca)
    assert "not valid yet. Check this computer's clock." in words
    assert f"It is valid from {begins:%Y-%m-%d %H:%M} UTC; here it is {TODAY:%Y-%m-%d %H:%M} UTC." in words


def test_tls_self_signed_is_named(tmp_path: Path) -> None:
    words = insecure(self_made(tmp_path, "printer-4.corp"))
    assert "is signed by itself" in words
    assert words.endswith('It was issued by "printer-4.corp" to itself.')


async def tls_1_1(connection: Connection) -> None:
    """Play a real TLS 1.1 server. OpenSSL's farewell is passed on, which asyncio's own server would drop."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    trustme.CA().issue_cert("localhost").configure_cert(context)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(await connection.reader.read(65_536))
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        server.do_handshake()
    await connection.send(outgoing.read())


def test_tls_1_1_is_named() -> None:
    report = report_of(tls_1_1, scheme="https")
    assert isinstance(report.error, TlsFailed)
    assert verdicts(report) == "PFSSS"
    assert failure(report)[1] == "The server offers only TLS versions that are no longer safe (older than 1.2)."


def test_a_port_without_tls_is_named() -> None:
    async def plain(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    report = report_of(plain, scheme="https")
    assert verdicts(report) == "PFSSS"
    assert failure(report)[1] == "The server doesn't speak TLS on this port."


async def hears_and_closes(connection: Connection) -> None:
    await connection.reader.read(1)


async def hears_and_resets(connection: Connection) -> None:
    await connection.reader.read(1)
    connection.reset()


async def says_nothing(connection: Connection) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("script", [hears_and_closes, hears_and_resets, says_nothing])
def test_a_handshake_that_ends_midway_is_named(script: Script) -> None:
    report = report_of(script, scheme="https", deadline_s=0.5)
    assert isinstance(report.error, Unreachable | TimedOut)
    assert verdicts(report) == "PFSSS"
    assert "while it was being made secure" in failure(report)[1]


def test_an_authority_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"no certificate")
    report = report_at(Endpoint("https://api.lumetrade.invalid", extra_ca=path))
    assert verdicts(report) == "SFSSS"
    assert "extra CA file can't be read" in failure(report)[1]


def test_hostile_text_in_a_certificate_is_shown_tame_and_short(tmp_path: Path) -> None:
    words = insecure(self_made(tmp_path, "localhost", issuer='\u202eevil\n<b>"All is well"' + "x" * 5_000))
    assert "⟨U+202E⟩evil⟨U+000A⟩<b>'All is well'" in words
    assert "\u202e" not in words
    assert len(words) < 300


def test_the_verdict_stands_when_the_certificate_cannot_be_seen_again(authority: trustme.CA) -> None:
    context = serving(authority.issue_cert("localhost"))

    async def scenario() -> Report:
        async with RawServer([OK], ssl_context=context) as server:
            first = tunnel(Wiretap(), lambda: server.port, connect=False)
            async with RawServer([first, says_nothing]) as front:
                report = await tried(Endpoint(f"https://localhost:{front.port}"), deadline_s=1.0)
                assert front.connections == 2
                return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert failure(report)[1] == "The server's certificate comes from an authority this computer doesn't trust."


# TLS through a proxy


@dataclass
class Wiretap:
    """What a proxy got to read."""

    asked: list[str] = field(default_factory=list)
    carried: bytearray = field(default_factory=bytearray)


def tunnel(tap: Wiretap, to_port: Callable[[], int], *, connect: bool = True) -> Script:
    """Play a proxy: answer CONNECT, then carry bytes both ways and keep those that come from the client."""

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, kept: bytearray | None) -> None:
        while data := await source.read(65_536):
            if kept is not None:
                kept += data
            target.write(data)
            await target.drain()

    async def play(connection: Connection) -> None:
        if connect:
            request = await connection.request()
            tap.asked.append(f"{request.method} {sorted(request.headers)}")
            await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", to_port())
        tasks = [
            asyncio.ensure_future(carry(connection.reader, writer, tap.carried)),
            asyncio.ensure_future(carry(reader, connection.writer, None)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()

    return play


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain proxy", "TLS proxy"])
def test_tls_behind_a_proxy_names_the_unknown_authority(
    authority: trustme.CA, extra_ca: Path, is_encrypted: bool
) -> None:
    inspecting = trustme.CA(organization_name="Northwind Inspection")
    proxy_context = serving(authority.issue_cert("localhost")) if is_encrypted else None
    tap = Wiretap()

    async def scenario() -> Report:
        listener = Listener(serving(inspecting.issue_cert("api.lumetrade.invalid")))
        async with (
            RawServer([listener]) as server,
            RawServer([tunnel(tap, lambda: server.port)], ssl_context=proxy_context) as proxy,
        ):
            report = await tried(Endpoint("https://api.lumetrade.invalid", proxy=proxy.url, extra_ca=extra_ca))
            await listener.wait_for_ends(2)
            assert listener.heard == b""
            return report

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert verdicts(report) == "PFSSS"
    assert failure(report)[1].endswith(
        'authority this computer doesn\'t trust. It was issued by "Northwind Inspection".'
    )
    assert tap.asked == ["CONNECT ['accept', 'host']"] * 2
    assert SECRET.encode() not in tap.carried
    assert b"GET" not in tap.carried


def test_a_proxy_with_an_untrusted_certificate_is_blamed_itself() -> None:
    tap = Wiretap()

    async def scenario() -> Report:
        context = serving(trustme.CA().issue_cert("localhost"))
        async with RawServer([tunnel(tap, lambda: 1)], ssl_context=context) as proxy:
            return await tried(Endpoint("https://api.lumetrade.invalid", proxy=proxy.url))

    report = asyncio.run(scenario())
    assert_well_formed(report)
    assert verdicts(report) == "SFSSS"
    assert failure(report)[1].startswith("The proxy's certificate comes from an authority")
    assert not tap.asked


def test_tls_behind_a_proxy_that_is_trusted_passes(authority: trustme.CA, extra_ca: Path) -> None:
    tap = Wiretap()

    async def scenario() -> Report:
        async with (
            RawServer([OK], ssl_context=serving(authority.issue_cert("api.lumetrade.invalid"))) as server,
            RawServer([tunnel(tap, lambda: server.port)]) as proxy,
        ):
            return await tried(Endpoint("https://api.lumetrade.invalid", proxy=proxy.url, extra_ca=extra_ca))

    report = asyncio.run(scenario())
    assert verdicts(report) == "PPPPS"
    assert tap.asked == ["CONNECT ['accept', 'host']"]
