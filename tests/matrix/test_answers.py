"""Rows 21 to 29 of the fault matrix: what the server, or whoever answers in its place, says. Over real sockets."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.errors import (
    Conflict,
    DeskError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    ServerFault,
    TimedOut,
    Unauthorised,
    Unreachable,
    Unreadable,
)
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import QuoteOrder
from lumedesk.work.feeds import FeedReport, Feeds
from lumedesk.work.movements import _trade_problem
from lumedesk.work.pace import Pace
from lumedesk.work.sending import WrongEcho
from lumedesk.work.session import Connection as Standing
from lumedesk.work.states import connection_after
from tests.matrix.rig import MINE, OLD, RECEIPT, Rig, Site, Told, listing
from tests.matrix.test_network import is_unknown, under
from tests.support.builders import json_of
from tests.support.intents import confirmation_terms
from tests.support.raw_server import Connection, Script, http
from tests.support.wire import a_client

ENVELOPE = b'{"code":1133,"message":"no","httpStatus":%d,"requestId":"req_01HY","timestamp":"2026-01-01T00:00:00Z","errors":[]}'


def documented(status: int, **headers: str) -> bytes:
    return http(status, ENVELOPE % status, headers=headers)


def is_refused(told: Told, kind: type[DeskError]) -> None:
    assert told.outcome.verdict is Verdict.REFUSED
    assert type(told.error) is kind
    assert told.error.request_id == "req_01HY"
    assert len(told.posts) == 1
    assert told.states == ["armed", "sending", "refused"]
    assert type(told.offline.error) is kind


def test_row_21_401_is_refused_and_asks_for_credentials(rig: Rig) -> None:
    told = under(rig, documented(401))
    is_refused(told, Unauthorised)
    assert "Enter it again" in told.error.advice
    assert connection_after(told.offline.error) is Standing.REFUSED
    assert connection_after(told.recovered.error) is Standing.ONLINE


@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (404, NotFound), (422, Invalid), (400, Invalid)])
def test_row_22_403_404_422_are_refused_and_the_list_is_checked(rig: Rig, status: int, kind: type[DeskError]) -> None:
    """A list that shows the order reopens it (`under` sees to that); three that don't settle it."""
    is_refused(under(rig, documented(status)), kind)


def test_row_22_a_refusal_is_settled_by_three_lists(rig: Rig) -> None:
    async def scenario() -> list[bool]:
        site, settled = Site(), []
        await site.serve(documented(422))
        try:
            async with rig.connected(site):
                assert (await rig.withdraw()).verdict is Verdict.REFUSED
                await rig.read()
                settled.append(rig.watcher.is_settled(rig.intent()))
                await site.serve(listing(OLD))
                for _ in range(3):
                    await rig.read()
                    settled.append(rig.watcher.is_settled(rig.intent()))
                await site.serve(listing(OLD, MINE))
                await rig.read()
        finally:
            await site.close()
        return settled

    assert asyncio.run(scenario()) == [False, False, False, True], "a list that failed doesn't count"
    assert rig.states() == ["armed", "sending", "refused"]


@pytest.mark.parametrize(("status", "kind"), [(408, TimedOut), (409, Conflict)])
def test_row_23_408_and_409_are_unknown(rig: Rig, status: int, kind: type[DeskError]) -> None:
    is_unknown(under(rig, documented(status)), kind)


def test_row_24_429_is_unknown(rig: Rig) -> None:
    told = under(rig, documented(429, **{"Retry-After": "7"}))
    is_unknown(told, RateLimited)
    assert told.error.retry_after_s == 7


def test_row_24_polling_obeys_retry_after(rig: Rig) -> None:
    """Between the tries of one poll, and between two polls."""
    waited: list[float] = []
    told = asyncio.Event()
    reports: list[FeedReport] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    def take(report: FeedReport) -> None:
        reports.append(report)
        if len([each for each in reports if each.kind is Kind.TRADES]) == 2:
            told.set()

    async def scenario() -> float:
        site, loop = Site(), asyncio.get_running_loop()
        await site.serve(documented(429, **{"Retry-After": "1"}))
        try:
            async with rig.connected(site, sleep=wait):
                feeds = Feeds(rig.client, rig._mirror, rig._reader, rig.clock, _Hasty(), take)
                began = loop.time()
                task = asyncio.ensure_future(feeds.run())
                await asyncio.wait_for(told.wait(), 20)
                took = loop.time() - began
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        finally:
            await site.close()
        return took

    assert asyncio.run(scenario()) >= 1
    assert waited
    assert min(waited) >= 1


class _Hasty(Pace):
    """Would poll again at once."""

    def pause(self, *_: Any) -> float:
        return 0.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", None], ids=["empty", "HTML", "envelope"])
def test_row_25_5xx_are_unknown(rig: Rig, status: int, body: bytes | None) -> None:
    is_unknown(under(rig, documented(status) if body is None else http(status, body)), ServerFault)


def test_row_26_200_with_html_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, http(200, b"<!doctype html><title>Maintenance</title>")), Unreadable)


TRADE = {
    "fromAmount": b'{"transactionId":"t1","fromAmount":101,"toAmount":1840}',
    "toAmount": b'{"transactionId":"t1","fromAmount":100,"toAmount":1839.99}',
    "fromCurrency": b'{"transactionId":"t1","fromCurrency":"USDC"}',
    "toCurrency": b'{"transactionId":"t1","toCurrency":"EUR"}',
}


def confirmed(rig: Rig, answer: bytes) -> tuple[Outcome, int]:
    terms = confirmation_terms(quote_str="Q1")

    async def post(client: LumetradeClient) -> Any:
        order = QuoteOrder("Q1", "USDT", "ZAR", from_amount=Decimal(100))
        trade = await client.confirm_quote(order)
        return trade.transaction_id, trade.status, _trade_problem(terms, trade)

    async def scenario() -> tuple[Outcome, int]:
        site = Site()
        await site.serve(http(200, answer))
        try:
            async with rig.connected(site):
                outcome = await rig.carry("u1", terms, post)
        finally:
            await site.close()
        return outcome, len(site.posts)

    return asyncio.run(scenario())


@pytest.mark.parametrize("answer", TRADE.values(), ids=TRADE)
def test_row_27_a_wrong_echo_is_unknown_and_an_alarm(rig: Rig, answer: bytes) -> None:
    outcome, posts = confirmed(rig, answer)
    assert (outcome.verdict, posts) == (Verdict.UNKNOWN, 1)
    assert isinstance(outcome.error, WrongEcho)
    assert "Call the vendor" in outcome.error.advice
    assert rig.states() == ["armed", "sending", "unknown"]
    assert "contradicts" in str(rig.books.audit_rows()[-1].facts["why"])


def test_row_27_a_right_echo_is_accepted(rig: Rig) -> None:
    outcome, _ = confirmed(rig, b'{"transactionId":"t1","fromAmount":100.00,"toAmount":1840.0,"toCurrency":"ZAR"}')
    assert (outcome.verdict, outcome.transaction_id) == (Verdict.ACCEPTED, "t1")


def test_row_27_an_id_that_was_there_before_is_a_wrong_echo(rig: Rig) -> None:
    """A receipt names nothing but an id; one that the list showed already isn't this order's."""

    async def scenario() -> tuple[Outcome, int]:
        site = Site()
        await site.serve(listing(OLD, MINE))
        try:
            async with rig.connected(site):
                await rig.read()
                await site.serve(http(201, RECEIPT))
                return await rig.withdraw(), len(site.posts)
        finally:
            await site.close()

    outcome, posts = asyncio.run(scenario())
    assert (outcome.verdict, posts) == (Verdict.UNKNOWN, 1)
    assert isinstance(outcome.error, WrongEcho)
    assert rig.intent().transaction_id is None


async def dies_after(connection: Connection, size: int) -> None:
    await connection.reader.readexactly(size)
    connection.reset()


@pytest.mark.parametrize("size", [10, 200])
def test_row_28_a_connection_that_dies_in_mid_post_is_unknown(rig: Rig, size: int) -> None:
    async def fault(connection: Connection) -> None:
        await dies_after(connection, size)

    is_unknown(under(rig, fault), Unreachable, posts=0)


def test_row_28_a_kept_connection_is_never_used_for_a_post(rig: Rig) -> None:
    """So that a server which closes its idle connections can't swallow one."""
    ports: list[tuple[str, int]] = []

    def noting(answer: Callable[[str], bytes]) -> Script:
        async def play(connection: Connection) -> None:
            while True:
                request = await connection.request()
                ports.append((request.method, connection.writer.get_extra_info("peername")[1]))
                await connection.send(answer(request.method))

        return play

    async def scenario() -> None:
        site = Site()
        await site.serve(noting(lambda method: http(200, b"[]") if method == "GET" else http(201, RECEIPT)))
        try:
            async with rig.connected(site):
                await rig.read()
                assert (await rig.withdraw()).verdict is Verdict.ACCEPTED
                await rig.read()
                assert (await rig.withdraw("u2", amount=Decimal(9))).verdict is Verdict.UNKNOWN  # the id was bound
        finally:
            await site.close()

    asyncio.run(scenario())
    kept = {port for method, port in ports if method == "GET"}
    fresh = [port for method, port in ports if method == "POST"]
    assert (len(kept), len(set(fresh))) == (1, 2)
    assert not kept & set(fresh)


def test_row_29_a_network_that_changes_in_mid_poll_is_told_and_recovers(rig: Rig) -> None:
    rows = b"[" + json_of(OLD) + b"," + json_of(MINE) + b"]"

    async def cut(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, rows)[:-20])
        connection.reset()

    async def scenario() -> None:
        site = Site()
        await site.serve(listing(OLD))
        try:
            async with rig.connected(site):
                before = await rig.read()
                rig.clock.advance(60)
                for gone in (lambda: site.serve(cut), site.close):
                    await gone()
                    state = await rig.read()
                    assert isinstance(state.error, Unreachable)
                    assert state.confirmed_at == before.confirmed_at
                    assert rig.shown() == 1, "half a list is no list"
                await site.serve(listing(OLD, MINE))
                state = await rig.read()
                assert (state.error, state.confirmed_at) == (None, rig.clock.now())
                assert rig.shown() == 2
        finally:
            await site.close()

    asyncio.run(scenario())


def test_row_29_another_address_behind_the_name_is_just_another_connection(rig: Rig) -> None:
    """The client keeps nothing of the network it was opened on."""

    async def scenario() -> None:
        site = Site()
        await site.serve(listing(OLD))
        try:
            async with a_client(site.url) as client:
                for _ in range(3):
                    assert len(await client.list_withdrawals()) == 1
                    await site.serve(listing(OLD))
        finally:
            await site.close()

    asyncio.run(scenario())
