"""One exchange: what is sent, when a read is tried again, and that ids can't change an address."""

import asyncio
import base64
import html
import json
import logging
import ssl
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from lumedesk.api.arrival import Arrival
from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.failures import network_failure
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import (
    DeskError,
    Invalid,
    Offline,
    RateLimited,
    ServerFault,
    TimedOut,
    Unauthorised,
    Unreachable,
    Wire,
)
from lumedesk.domain.kinds import Kind
from tests.support.raw_server import Connection, RawServer, Script, close_at_once, http, kept_alive, mute
from tests.support.wire import CREDENTIALS, SECRET, a_client, no_wait

OK = http(200, b"[]")
RECEIPT = http(201, b'{"transactionId":"w1","status":"PENDING"}')
AMOUNT = Decimal("1.50")


def test_a_request_carries_the_credentials_and_little_else() -> None:
    async def scenario() -> None:
        async with RawServer([OK]) as server, a_client(server.url) as client:
            await client.list_accounts()
            (request,) = server.requests
        assert (request.method, request.target) == ("GET", "/api/v1/accounts")
        assert request.headers == {
            "host": f"localhost:{server.port}",
            "accept": "application/json",
            "accept-encoding": "gzip",
            "connection": "keep-alive",
            "user-agent": request.headers["user-agent"],
            "x-api-key": CREDENTIALS.key,
            "x-api-secret": SECRET,
        }
        assert request.headers["user-agent"].startswith("LumeDesk/")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("identifier", "target"),
    [
        ("w/1", "w%2F1"),
        ("a?x", "a%3Fx"),
        ("a#x", "a%23x"),
        ("a/../x", "a%2F..%2Fx"),
        ("..%2f", "..%252f"),
        ("...", "..."),
        ("é", "%C3%A9"),
        (" ", "%20"),
        ("a\r\nX: y", "a%0D%0AX%3A%20y"),
        ("%41", "%2541"),
    ],
)
def test_an_id_stays_one_part_of_the_path(identifier: str, target: str) -> None:
    async def scenario() -> str:
        async with RawServer([http(200, b"{}")]) as server, a_client(server.url) as client:
            await client.get_wallet(identifier)
            return server.requests[0].target

    assert asyncio.run(scenario()) == f"/api/v1/wallets/{target}"


@pytest.mark.parametrize("identifier", ["", ".", "..", "\ud800", "x" * 513])
def test_an_impossible_id_is_refused_before_anything_is_sent(identifier: str) -> None:
    async def scenario() -> None:
        async with RawServer([OK]) as server, a_client(server.url) as client:
            with pytest.raises(Invalid) as caught:
                await client.get_wallet(identifier)
            assert caught.value.wire is Wire.NOT_SENT
            assert server.connections == 0

    asyncio.run(scenario())


def test_filters_are_quoted() -> None:
    async def scenario() -> str:
        async with RawServer([OK]) as server, a_client(server.url) as client:
            await client.list_wallets(payment_method_type="BANK&x=1", network_name="TRON ü")
            return server.requests[0].target

    assert asyncio.run(scenario()) == "/api/v1/wallets?paymentMethodType=BANK%26x%3D1&networkName=TRON%20%C3%BC"


@pytest.mark.parametrize("value", ["", "a\nb", "é", " a", "a\x00"])
def test_credentials_no_header_can_carry_are_refused(value: str) -> None:
    async def scenario() -> None:
        async with (
            RawServer([OK]) as server,
            a_client(server.url, credentials=Credentials("k", Secret(value))) as client,
        ):
            with pytest.raises(Unauthorised) as caught:
                await client.list_accounts()
            assert caught.value.wire is Wire.NOT_SENT
            assert server.connections == 0

    asyncio.run(scenario())


def test_a_read_is_tried_three_times_with_growing_waits() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def scenario() -> None:
        async with RawServer([http(503)]) as server, a_client(server.url, sleep=sleep, jitter=lambda: 1.0) as client:
            with pytest.raises(ServerFault):
                await client.list_accounts()
            assert len(server.requests) == 3

    asyncio.run(scenario())
    assert waits == [0.5, 1.0]


def test_a_read_recovers() -> None:
    async def scenario() -> int:
        async with RawServer([close_at_once, http(500), OK]) as server, a_client(server.url) as client:
            return len(await client.list_accounts())

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.25),
        ({"Date": "Mon, 11 May 2026 10:00:00 GMT", "Retry-After": "Mon, 11 May 2026 10:00:09 GMT"}, 9.0),
        ({"Retry-After": "Mon, 11 May 1996 10:00:09 GMT"}, 0.25),
        ({"Retry-After": "3600"}, 60.0),
        ({"Retry-After": "soon"}, 0.25),
        ({"Retry-After": "9" * 40}, 0.25),
        ({"Retry-After": "-1"}, 0.25),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute(headers: dict[str, str], expected: float) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def scenario() -> None:
        async with (
            RawServer([http(429, headers=headers), OK]) as server,
            a_client(server.url, sleep=sleep, jitter=lambda: 0.5) as client,
        ):
            await client.list_accounts()

    asyncio.run(scenario())
    assert waits == [expected]


def test_retrying_ends_when_it_would_keep_the_caller_too_long() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def scenario() -> None:
        async with (
            RawServer([http(429, headers={"Retry-After": "60"})]) as server,
            a_client(server.url, sleep=sleep) as client,
        ):
            with pytest.raises(RateLimited) as caught:
                await client.list_accounts()
            assert caught.value.retry_after_s == 60.0
            assert len(server.requests) == 2

    asyncio.run(scenario())
    assert waits == [60.0]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422])
def test_what_asking_again_cannot_help_is_asked_once(status: int) -> None:
    async def scenario() -> int:
        async with RawServer([http(status)]) as server, a_client(server.url) as client:
            with pytest.raises(DeskError):
                await client.list_accounts()
            return len(server.requests)

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize("script", [http(503), http(429), close_at_once, http(200, b"x"), http(408)])
def test_a_post_is_never_sent_again(script: bytes | Script) -> None:
    async def scenario() -> int:
        async with RawServer([script]) as server, a_client(server.url) as client:
            with pytest.raises(DeskError):
                await client.create_withdrawal("ben_1", AMOUNT)
            return server.connections

    assert asyncio.run(scenario()) == 1


def test_a_post_never_uses_a_kept_connection() -> None:
    async def scenario() -> None:
        async with RawServer([kept_alive(OK, RECEIPT, OK), RECEIPT]) as server, a_client(server.url) as client:
            await client.list_accounts()
            await client.get_wallet("on the first connection, which is kept open")
            assert server.connections == 1
            await client.create_withdrawal("ben_1", AMOUNT)
            assert server.connections == 2

    asyncio.run(scenario())


def test_two_posts_use_two_connections() -> None:
    async def scenario() -> None:
        async with RawServer([kept_alive(RECEIPT, RECEIPT)]) as server, a_client(server.url) as client:
            await client.create_withdrawal("ben_1", AMOUNT)
            await client.create_withdrawal("ben_1", AMOUNT)
            assert server.connections == 2

    asyncio.run(scenario())


def test_a_read_on_a_connection_that_died_meanwhile_is_tried_again() -> None:
    async def scenario() -> None:
        async with RawServer([kept_alive(OK)]) as server, a_client(server.url) as client:
            await client.list_accounts()
            await client.list_accounts()
            assert len(server.requests) == 2

    asyncio.run(scenario())


def test_the_number_of_exchanges_under_way_is_told() -> None:
    heard: list[int] = []

    async def scenario() -> None:
        async with (
            RawServer([OK, http(404)]) as server,
            a_client(server.url, on_in_flight=heard.append) as client,
        ):
            await client.list_accounts()
            with pytest.raises(DeskError):
                await client.get_wallet("x")

    asyncio.run(scenario())
    assert heard == [1, 0, 1, 0]


def test_a_short_exchange_is_waited_for_and_a_long_list_is_not() -> None:
    answers = asyncio.Event()

    async def waits(connection: Connection) -> None:
        await connection.request()
        await answers.wait()
        await connection.send(http(200, b"[]"))

    async def take(_arrival: Arrival) -> None:
        return

    async def asked(call: Callable[[LumetradeClient], Coroutine[Any, Any, object]]) -> tuple[bool, bool, bool]:
        async with RawServer([waits]) as server, a_client(server.url) as client:
            before = client.is_asked
            answers.clear()
            task = asyncio.create_task(call(client))
            await server.heard.wait()
            during = client.is_asked
            answers.set()
            await task
            return before, during, client.is_asked

    async def main() -> None:
        assert await asked(lambda client: client.list_accounts()) == (False, True, False)
        assert await asked(lambda client: client.arrive(Kind.TRADES, None, take)) == (False, False, False)

    asyncio.run(main())


def test_cancelling_ends_an_exchange() -> None:
    heard: list[int] = []

    async def scenario() -> None:
        async with RawServer([mute]) as server, a_client(server.url, on_in_flight=heard.append) as client:
            asking = asyncio.create_task(client.create_withdrawal("ben_1", AMOUNT))
            await server.heard.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(scenario())
    assert heard == [1, 0]


def test_a_closed_client_sends_nothing() -> None:
    async def scenario() -> None:
        async with RawServer([OK]) as server, a_client(server.url) as client:
            await client.list_accounts()
            await client.aclose()
            with pytest.raises(Offline) as caught:
                await client.create_account("ZAR")
            assert caught.value.wire is Wire.NOT_SENT
            assert len(server.requests) == 1

    asyncio.run(scenario())


def test_cookies_are_not_kept() -> None:
    async def scenario() -> None:
        answer = http(200, b"[]", headers={"Set-Cookie": "tracker=1; Path=/"})
        async with RawServer([answer]) as server, a_client(server.url) as client:
            await client.list_accounts()
            await client.list_accounts()
            assert "cookie" not in server.requests[1].headers

    asyncio.run(scenario())


def test_the_secret_reaches_no_log_repr_or_error(caplog: pytest.LogCaptureFixture) -> None:
    echo = json.dumps({"message": f"bad key {SECRET}", "errors": [{"field": SECRET, "message": SECRET}]}).encode()

    async def scenario() -> str:
        transport = Transport(Endpoint("http://localhost:1"), CREDENTIALS, sleep=no_wait)
        shown = repr(transport) + repr(CREDENTIALS)
        with pytest.raises(Unreachable) as unreachable:
            await transport.get("accounts")
        await transport.aclose()
        async with RawServer([http(400, echo)]) as server, a_client(server.url) as client:
            with pytest.raises(Invalid) as invalid:
                await client.list_accounts()
        assert invalid.value.detail == "bad key …"
        return shown + str(unreachable.value) + str(invalid.value) + repr(invalid.value.fields)

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(scenario())
    assert SECRET not in shown
    assert SECRET not in caplog.text
    assert caplog.text


AWKWARD = 'p@ss/w+rd"q\\x & 100%-canary'  # what each of the encodings writes differently


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ECHOES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "url-encoded": lambda value: quote(value, safe=""),
    "url-encoded, lower case": lambda value: quote(value, safe="").lower(),
    "url-encoded, every byte": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    "url-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
    "form-encoded": quote_plus,
    "JSON": _json,
    "JSON within JSON": lambda value: _json(_json(value)),
    "JSON with solidus escaped": lambda value: _json(value).replace("/", "\\/"),
    "JSON, every character": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "HTML": html.escape,
    "base64": _base64,
    "base64 behind one byte": lambda value: _base64("k" + value),
    "base64 of key and secret": lambda value: _base64(f"api-key:{value}"),
    "base64, url-safe": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64, url-encoded": lambda value: quote(_base64(value), safe=""),
}


def traces_of(value: str, text: str) -> list[str]:
    """Which pieces of six characters of the secret, plain or in base64, a text holds."""
    found = []
    for form in (value, *(_base64("k" * offset + value)[4:] for offset in range(3))):
        found += [form[at : at + 6] for at in range(len(form) - 5) if form[at : at + 6].lower() in text.lower()]
    return found


def told(error: DeskError) -> str:
    return "\n".join([str(error), error.detail, error.request_id or "", repr(error.fields)])


def failing(answer: bytes, credentials: Credentials) -> DeskError:
    async def scenario() -> DeskError:
        async with RawServer([answer]) as server, a_client(server.url, credentials=credentials) as client:
            with pytest.raises(DeskError) as caught:
                await client.create_withdrawal("ben_1", AMOUNT)
            return caught.value

    return asyncio.run(scenario())


@pytest.mark.parametrize("value", [SECRET, AWKWARD], ids=["simple", "awkward"])
@pytest.mark.parametrize("echo", ECHOES)
def test_an_echoed_secret_is_left_out_in_each_encoding(echo: str, value: str) -> None:
    credentials = Credentials(CREDENTIALS.key, Secret(value))
    text = f"begin {ECHOES[echo](value)} end"
    body = json.dumps({"message": text, "requestId": text, "errors": [{"field": text, "message": text}]}).encode()
    location = {"Location": f"https://x.invalid/?q={text}"} if text.isascii() else {}
    errors = [
        failing(http(400, body), credentials),
        failing(http(502, f"<p>{text}</p>".encode(), headers={"X-Request-Id": text}), credentials),
        failing(http(302, headers=location), credentials),
    ]
    for error in errors:
        assert not traces_of(value, told(error))
    invalid, fault, redirected = errors
    for shown in (invalid.detail, invalid.request_id, repr(invalid.fields), fault.detail, redirected.detail):
        assert "begin" in str(shown)
        assert "…" in str(shown)
    assert "…" in str(fault.request_id)


@pytest.mark.parametrize("echo", ["plain", "url-encoded", "JSON", "base64"])
@pytest.mark.parametrize("before", [*range(975, 1_001, 5), 63_970])
def test_a_secret_across_the_place_of_a_cut_is_left_out_whole(echo: str, before: int) -> None:
    credentials = Credentials(CREDENTIALS.key, Secret(AWKWARD))
    # The second filler shrinks when it is cleaned, so that more of what stands behind it is shown.
    times, rest = divmod(before, len(AWKWARD))
    for filler in ("x" * before, "x" * rest + AWKWARD * times):
        text = filler + ECHOES[echo](AWKWARD) * 2 + "y" * 5_000
        error = failing(http(400, json.dumps({"message": text}).encode()), credentials)
        assert not traces_of(AWKWARD, told(error))
        fault = failing(http(503, text.encode()), credentials)
        assert not traces_of(AWKWARD, told(fault))


def test_a_secret_cut_where_reading_ends_is_left_out() -> None:
    value = "".join(f"{number:x}." for number in range(1_000, 1_100))
    # So long a secret leaves so short a text that the end of what is read at all, mid-secret, comes into view.
    for text in (value * 200, ECHOES["url-encoded, every byte"](value) * 60, _base64(value) * 150):
        error = failing(http(400, json.dumps({"message": text}).encode()), Credentials("key", Secret(value)))
        assert len(error.detail) < 300
        assert not traces_of(value, told(error))


def test_a_secret_across_the_end_of_a_short_field_is_left_out_whole() -> None:
    text = "x" * 190 + SECRET
    body = json.dumps({"message": "no", "requestId": text, "errors": [{"field": text, "message": "m"}]}).encode()
    error = failing(http(400, body), CREDENTIALS)
    assert error.request_id == error.fields[0].field == "x" * 190 + "…"
    redirected = failing(http(302, headers={"Location": "https://x.invalid/" + "x" * 175 + SECRET}), CREDENTIALS)
    assert not traces_of(SECRET, told(redirected))


def test_the_request_id_of_an_unreadable_answer_is_cleaned() -> None:
    error = failing(http(201, b"x", headers={"X-Request-Id": f"r-{SECRET}"}), CREDENTIALS)
    assert error.request_id == "r-…"


def test_another_living_secret_is_left_out_too() -> None:
    other = Secret("the secret before the last rotation")
    error = failing(http(400, json.dumps({"message": f"was {other.reveal()}"}).encode()), CREDENTIALS)
    assert error.detail == "was …"


@pytest.mark.parametrize(
    "error",
    [
        httpx.LocalProtocolError(f"Illegal header value b'{SECRET}\\n'"),
        httpx.RemoteProtocolError(f"illegal request line: bytearray(b'{SECRET}')"),
        httpx.ProxyError(f"500 {SECRET}"),
        httpx.InvalidURL(f"Invalid {SECRET}"),
        httpx.ReadError(f"{SECRET}"),
        httpx.ConnectError("x" * 980 + SECRET),
        ssl.SSLError(1, f"about {SECRET}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_library_says_is_cleaned(error: Exception) -> None:
    failure = network_failure(error, Wire.NOT_SENT)
    assert "…" in failure.detail
    assert not traces_of(SECRET, told(failure))


def test_a_text_without_a_secret_is_left_as_it_came() -> None:
    text = "100%25 of &lt;b&gt; \\u0041 \\\\ stays"
    assert failing(http(400, json.dumps({"message": text}).encode()), CREDENTIALS).detail == text


def test_the_deadline_ends_a_mute_server() -> None:
    async def scenario() -> None:
        async with RawServer([mute]) as server, a_client(server.url, deadline_s=0.05) as client:
            with pytest.raises(TimedOut) as caught:
                await client.create_withdrawal("ben_1", AMOUNT)
            assert caught.value.wire is Wire.MAYBE_SENT

    asyncio.run(scenario())
