"""The network and HTTP half of the fault matrix, over real sockets: each fault has one outcome for an order."""

import asyncio
import gzip
import socket
import zlib
from decimal import Decimal

import pytest

from lumedesk.api import body as bodies
from lumedesk.domain.errors import (
    Conflict,
    DeskError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Redirected,
    ServerFault,
    TimedOut,
    Unauthorised,
    Unreachable,
    Unreadable,
    Wire,
)
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
from tests.support.wire import a_client

AMOUNT = Decimal("1.50")
RECEIPT = b'{"transactionId":"w1","status":"PENDING"}'
ENVELOPE = (
    b'{"code":1133,"message":"amount is required","httpStatus":%d,"requestId":"req_01HY","timestamp":'
    b'"2026-01-01T00:00:00Z","errors":[{"field":"amount","message":"must be greater than 0"}]}'
)


async def order(server: RawServer, **settings: float) -> DeskError:
    """Send one withdrawal, return its failure, and make sure that it was sent once at most."""
    async with a_client(server.url, **settings) as client:
        with pytest.raises(DeskError) as caught:
            await client.create_withdrawal("ben_1", AMOUNT)
    assert server.connections == 1
    assert len(server.requests) <= 1
    return caught.value


def outcome(script: bytes | Script, **settings: float) -> DeskError:
    async def scenario() -> DeskError:
        async with RawServer([script]) as server:
            return await order(server, **settings)

    return asyncio.run(scenario())


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def refused(url: str) -> DeskError:
    async def scenario() -> DeskError:
        async with a_client(url) as client:
            with pytest.raises(DeskError) as caught:
                await client.create_withdrawal("ben_1", AMOUNT)
            return caught.value

    return asyncio.run(scenario())


def test_a_refused_connection_is_not_sent() -> None:
    error = refused(f"http://127.0.0.1:{free_port()}")
    assert (type(error), error.wire) == (Unreachable, Wire.NOT_SENT)
    assert error.detail == "The connection was refused."


def test_a_name_that_does_not_exist_is_not_sent() -> None:
    error = refused("https://api.lumetrade.invalid")
    assert (type(error), error.wire) == (Unreachable, Wire.NOT_SENT)
    assert "DNS" in error.detail


def test_a_mute_tls_server_is_not_sent() -> None:
    async def silent(connection: Connection) -> None:
        await asyncio.Event().wait()

    async def scenario() -> DeskError:
        async with (
            RawServer([silent]) as server,
            a_client(f"https://127.0.0.1:{server.port}", deadline_s=0.1) as client,
        ):
            with pytest.raises(DeskError) as caught:
                await client.create_withdrawal("ben_1", AMOUNT)
            return caught.value

    error = asyncio.run(scenario())
    assert (type(error), error.wire) == (TimedOut, Wire.NOT_SENT)


@pytest.mark.parametrize("script", [close_at_once, reset_after_request], ids=["closed before reading", "reset"])
def test_a_lost_connection_leaves_it_open_whether_it_arrived(script: Script) -> None:
    error = outcome(script)
    assert (type(error), error.wire) == (Unreachable, Wire.MAYBE_SENT)


@pytest.mark.parametrize("script", [mute, dripping_header], ids=["silent", "dripping header"])
def test_the_deadline_covers_the_whole_exchange(script: Script) -> None:
    error = outcome(script, deadline_s=0.15)
    assert (type(error), error.wire) == (TimedOut, Wire.MAYBE_SENT)


def test_the_deadline_covers_a_dripping_body() -> None:
    async def dripping(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 201 X\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await connection.send(b" ")
            await asyncio.sleep(0.005)

    error = outcome(dripping, deadline_s=0.15)
    assert (type(error), error.wire) == (TimedOut, Wire.MAYBE_SENT)


CUT = {
    "status line cut": b"HTTP/1.1 2",
    "no answer to be had": b"",
    "body cut": http(201, RECEIPT)[:-10],
    "chunk cut": b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + RECEIPT[:20],
    "last chunk missing": b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + RECEIPT + b"\r\n",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_a_cut_answer_is_no_answer(answer: bytes) -> None:
    error = outcome(answer)
    assert (type(error), error.wire) == (Unreachable, Wire.MAYBE_SENT)


GARBAGE = {
    "two lengths": http(201, RECEIPT, headers={"content-length": "5"}),
    "a header of 300 KB": http(201, RECEIPT, headers={"X": "a" * 300_000}),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n",
    "bad chunk size": b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "unknown transfer coding": b"HTTP/1.1 201 X\r\nTransfer-Encoding: gzip\r\n\r\n" + gzip.compress(RECEIPT),
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_what_is_not_http_cannot_be_read(answer: bytes) -> None:
    error = outcome(answer)
    assert (type(error), error.wire) == (Unreadable, Wire.MAYBE_SENT)


ZIPPED = gzip.compress(RECEIPT)
PRESSED = {"Content-Encoding": "gzip"}
BAD_BODIES = {
    "not JSON": http(201, b"<html>Please log in</html>"),
    "empty": http(201),
    "no id": http(201, b'{"status":"PENDING"}'),
    "empty id": http(201, b'{"transactionId":"","status":"PENDING"}'),
    "id of another type": http(201, b'{"transactionId":7,"status":"PENDING"}'),
    "a list": http(201, b"[]"),
    "two ids": http(201, b'{"transactionId":"a","transactionId":"b"}'),
    "byte order mark": http(201, b"\xef\xbb\xbf" + RECEIPT),
    "no length, cut": b"HTTP/1.1 201 X\r\n\r\n" + RECEIPT[:-10],
    "204": b"HTTP/1.1 204 X\r\n\r\n",
}


@pytest.mark.parametrize("answer", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_success_without_a_receipt_is_an_unreadable_answer(answer: bytes) -> None:
    error = outcome(answer)
    assert (type(error), error.wire) == (Unreadable, Wire.ANSWERED)


BAD_CODINGS = {
    "no gzip at all": http(201, RECEIPT, headers=PRESSED),
    "gzip cut": http(201, ZIPPED[:-9], headers=PRESSED),
    "gzip with a wrong checksum": http(201, ZIPPED[:-8] + bytes(8), headers=PRESSED),
    "bytes behind the gzip": http(201, ZIPPED + b"garbage", headers=PRESSED),
    "zstd": http(201, b"\x28\xb5\x2f\xfd", headers={"Content-Encoding": "zstd"}),
    "deflate": http(201, zlib.compress(RECEIPT), headers={"Content-Encoding": "deflate"}),
    "gzip twice": http(201, gzip.compress(ZIPPED), headers={"Content-Encoding": "gzip, gzip"}),
    "too large, announced": http(201, b"", headers={"Content-Length": "99999999999999999999999"}),
    "too large, unannounced": b"HTTP/1.1 201 X\r\n\r\n" + bytes(bodies.SMALL_CAP + 1),
    "bomb": http(201, gzip.compress(bytes(64_000_000)), headers=PRESSED),
}


@pytest.mark.parametrize("answer", BAD_CODINGS.values(), ids=BAD_CODINGS)
def test_a_body_out_of_bounds_is_refused(answer: bytes) -> None:
    error = outcome(answer)
    assert isinstance(error, Unreadable)
    assert error.wire in {Wire.MAYBE_SENT, Wire.ANSWERED}
    assert error.http_status == 201 or not error.http_status


def test_a_gzip_body_is_read() -> None:
    async def scenario() -> str | None:
        answer = http(201, ZIPPED, headers=PRESSED)
        async with RawServer([answer]) as server, a_client(server.url) as client:
            return (await client.create_withdrawal("ben_1", AMOUNT)).transaction_id

    assert asyncio.run(scenario()) == "w1"


def test_a_list_that_decompresses_absurdly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "RATIO_FROM", 2 * 1024 * 1024)
    bomb = gzip.compress(b"[" + b" " * 6 * 1024 * 1024 + b"]")

    async def scenario() -> None:
        answer = http(200, bomb, headers=PRESSED)
        async with RawServer([answer]) as server, a_client(server.url) as client:
            with pytest.raises(Unreadable, match="absurd"):
                await client.list_trades()

    asyncio.run(scenario())


def test_a_redirect_is_not_followed() -> None:
    async def scenario() -> None:
        async with RawServer([http(201, RECEIPT)]) as other:
            answer = http(307, headers={"Location": f"{other.url}/api/v1/beneficiaries/withdrawals"})
            async with RawServer([answer]) as server:
                error = await order(server)
            assert (type(error), error.wire, error.http_status) == (Redirected, Wire.ANSWERED, 307)
            assert other.url in error.detail
            assert other.connections == 0

    asyncio.run(scenario())


STATUSES: dict[int, type[DeskError]] = {
    300: Redirected,
    400: Invalid,
    401: Unauthorised,
    403: Forbidden,
    404: NotFound,
    405: Invalid,
    408: TimedOut,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
    500: ServerFault,
    502: ServerFault,
    503: ServerFault,
    504: ServerFault,
    599: ServerFault,
}


@pytest.mark.parametrize("status", STATUSES)
def test_the_documented_envelope_is_read_whole(status: int) -> None:
    error = outcome(http(status, ENVELOPE % status))
    assert (type(error), error.wire, error.http_status) == (STATUSES[status], Wire.ANSWERED, status)
    assert error.documented
    assert (error.code, error.detail, error.request_id) == (1133, "amount is required", "req_01HY")
    assert [(each.field, each.message) for each in error.fields] == [("amount", "must be greater than 0")]


OTHER_BODIES = {
    "HTML": b"<html><body>Bad gateway</body></html>",
    "nothing": b"",
    "success-shaped": b'{"id":"acc_8F4J2N","currency":"ZAR","balance":2500,"lockedBalance":0}',
    "another envelope": b'{"message":"no route","code":"E1"}',
    "envelope of another status": ENVELOPE % 418,
    "envelope with a wrong list": b'{"code":1,"message":"x","httpStatus":%d,"errors":"none"}',
    "JSON of another shape": b'["error"]',
    "invalid UTF-8": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", OTHER_BODIES.values(), ids=OTHER_BODIES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_any_other_body_leaves_the_status_to_speak(status: int, body: bytes) -> None:
    if b"%d" in body:
        body = body.replace(b"%d", str(status).encode())
    error = outcome(http(status, body, headers={"X-Request-Id": "edge-7"}))
    assert (type(error), error.wire, error.http_status) == (STATUSES[status], Wire.ANSWERED, status)
    assert not error.documented
    assert error.request_id in {"edge-7", "req_01HY"}
    assert len(error.detail) < 1_100


def test_a_refusal_whose_body_is_cut_keeps_its_status_but_was_not_complete() -> None:
    error = outcome(http(404, ENVELOPE % 404)[:-10])
    assert (type(error), error.wire, error.documented) == (NotFound, Wire.MAYBE_SENT, False)


def test_an_upgrade_is_no_answer() -> None:
    error = outcome(b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    assert isinstance(error, Unreadable)


def test_interim_answers_are_passed_over() -> None:
    async def scenario() -> str | None:
        answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\n\r\n" + http(201, RECEIPT)
        async with RawServer([answer]) as server, a_client(server.url) as client:
            return (await client.create_withdrawal("ben_1", AMOUNT)).transaction_id

    assert asyncio.run(scenario()) == "w1"
