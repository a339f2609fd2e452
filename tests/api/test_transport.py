"""One exchange: what is sent, when a read is tried again, and that ids can't change an address."""

import asyncio
import json
import logging
from decimal import Decimal

import pytest

from lumedesk.api.endpoint import Endpoint
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
from tests.support.raw_server import RawServer, Script, close_at_once, http, kept_alive, mute
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


def test_the_deadline_ends_a_mute_server() -> None:
    async def scenario() -> None:
        async with RawServer([mute]) as server, a_client(server.url, deadline_s=0.05) as client:
            with pytest.raises(TimedOut) as caught:
                await client.create_withdrawal("ben_1", AMOUNT)
            assert caught.value.wire is Wire.MAYBE_SENT

    asyncio.run(scenario())
