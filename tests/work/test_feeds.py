"""The polling loops against answers laid out by hand: what the mirror keeps, what is reported, what survives."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import apsw
import pytest

from lumedesk.api.client import CurrencyListing
from lumedesk.api.parse import digest_of, listing
from lumedesk.api.recognising import Recogniser
from lumedesk.domain.codec import Codec
from lumedesk.domain.currencies import read_currencies
from lumedesk.domain.errors import RateLimited, TimedOut, Unreadable
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.segments import piece_digest
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from lumedesk.work import feeds as module
from lumedesk.work.engine import Unexpected
from lumedesk.work.feeds import Feeds
from lumedesk.work.pace import Pace
from lumedesk.work.states import FeedReport
from tests.support.builders import a_trade, a_withdrawal, an_account, json_of
from tests.support.clock import FakeClock


class LaidOut:
    """A client whose lists are what a test lays out; an exception in place of a body is raised."""

    def __init__(self) -> None:
        self.bodies: dict[Kind, bytes | Exception] = dict.fromkeys(Kind, b"[]")
        self.key_fingerprint = "k1"
        self.is_compressed = False
        self.is_asked = False
        self.before_answering: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Callable[[], Awaitable[Any]]:
        kind = Kind[name.removeprefix("list_").upper()]

        async def fetch() -> Any:
            body = await self._answer(kind)
            if kind is Kind.CURRENCIES:
                found = read_currencies(Codec[Any](Any).decode(body))
                assert found is not None
                return CurrencyListing(found, body, digest_of(body), None, 0.0)
            return listing(body, Codec[Any](kind.record), kind.table)

        return fetch

    async def arrive(self, kind: Kind, known: bytes | None, take: Callable[[Any], Awaitable[Any]]) -> Any:
        return await take(Laid(await self._answer(kind), known if self.is_compressed else None))

    async def _answer(self, kind: Kind) -> bytes:
        if self.before_answering is not None:
            await self.before_answering()
        body = self.bodies[kind]
        if isinstance(body, Exception):
            raise body
        return body

    def lay(self, kind: Kind, *records: Any) -> None:
        self.bodies[kind] = (
            b"[" + b",".join(each if isinstance(each, bytes) else json_of(each) for each in records) + b"]"
        )


class Laid:
    """A list on its way, in pieces; with a digest where it is compressed, as in `api.arrival`."""

    request_id = None

    def __init__(self, body: bytes, known: bytes | None) -> None:
        self._body = body
        self.known = known
        self.is_same = False
        self.digest = piece_digest(body)

    async def pieces(self, recogniser: Recogniser) -> AsyncIterator[bytes]:
        self.is_same = self.known is not None and recogniser.is_same(self.known, self._body)
        if not self.is_same:
            for start in range(0, len(self._body), 100):
                yield self._body[start : start + 100]


class Bench:
    """Feeds under way, one poll at a time."""

    def __init__(self, profile: ProfilePaths, clock: FakeClock) -> None:
        self.client = LaidOut()
        self.clock = clock
        self.mirror = Mirror(profile.mirror)
        self.reader = MirrorReader(profile.mirror)
        self.paces: list[float] = []

    def run(self, scenario: Callable[["Bench"], Awaitable[None]]) -> None:
        async def main() -> None:
            self._reports: asyncio.Queue[FeedReport] = asyncio.Queue()
            pace = Pace(self.clock.ticks)
            self.feeds = Feeds(
                self.client,  # type: ignore[arg-type]
                self.mirror,
                self.reader,
                self.clock,
                pace,
                self._reports.put_nowait,
            )
            polling = asyncio.create_task(self.feeds.run())
            for _ in Kind:
                await self._report()
            try:
                await scenario(self)
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)

        asyncio.run(main())

    async def poll(self, kind: Kind) -> FeedReport:
        """One more poll of this kind, and what came of it."""
        self.feeds.kick((kind,))
        report = await self._report()
        assert report.kind is kind
        return report

    async def _report(self) -> FeedReport:
        async with asyncio.timeout(5):
            return await self._reports.get()

    def ids(self, kind: Kind) -> list[str]:
        rows = self.reader.order(HistoryQuery(kind, "id", descending=False))
        documents = self.reader.documents(kind, rows)
        return [str(kind.key(Codec[Any](kind.record).decode(documents[row].doc))) for row in rows]


@pytest.fixture
def bench(profile: ProfilePaths, clock: FakeClock) -> Iterator[Bench]:
    bench = Bench(profile, clock)
    yield bench
    bench.reader.close()
    bench.mirror.close()


def test_a_list_is_whole_when_every_row_came_and_could_be_read(bench: Bench) -> None:
    async def scenario(bench: Bench) -> None:
        good = a_trade(transaction_id="t1")
        bench.client.lay(Kind.TRADES, good)
        assert (await bench.poll(Kind.TRADES)).is_whole
        assert (await bench.poll(Kind.TRADES)).is_whole, "the same body again"
        bench.client.lay(Kind.TRADES, good, b'{"transactionId": 5}')
        assert not (await bench.poll(Kind.TRADES)).is_whole
        assert not (await bench.poll(Kind.TRADES)).is_whole, "the same body again"
        page = b'{"content": [' + json_of(good) + b'], "totalElements": 9}'
        bench.client.bodies[Kind.TRADES] = page
        assert not (await bench.poll(Kind.TRADES)).is_whole
        assert not (await bench.poll(Kind.TRADES)).is_whole
        bench.client.bodies[Kind.TRADES] = TimeoutError("no answer")
        assert not (await bench.poll(Kind.TRADES)).is_whole

    bench.run(scenario)


def test_only_what_is_new_or_different_is_reported(bench: Bench, profile: ProfilePaths) -> None:
    async def scenario(bench: Bench) -> None:
        one, two = (a_trade(transaction_id=f"t{n}") for n in range(2))
        bench.client.lay(Kind.TRADES, one, two)
        assert len((await bench.poll(Kind.TRADES)).touched) == 2
        onlooker = apsw.Connection(str(profile.mirror))
        version = onlooker.pragma("data_version")
        bench.clock.advance(5)
        same = await bench.poll(Kind.TRADES)
        assert (same.touched, same.records) == ((), None)
        assert same.state.confirmed_at == bench.clock.now()
        assert onlooker.pragma("data_version") == version  # nothing was written
        bench.client.lay(Kind.TRADES, two, one)  # another order is other bytes, but no other record
        assert (await bench.poll(Kind.TRADES)).touched == ()
        bench.client.lay(Kind.TRADES, a_trade(transaction_id="t1", status="REVERSED"), one)
        assert len((await bench.poll(Kind.TRADES)).touched) == 1
        assert onlooker.pragma("data_version") != version
        onlooker.close()

    bench.run(scenario)


def test_small_kinds_report_their_records(bench: Bench) -> None:
    async def scenario(bench: Bench) -> None:
        account = an_account(id="a1", balance=Decimal("0.10"))
        bench.client.lay(Kind.ACCOUNTS, account)
        assert (await bench.poll(Kind.ACCOUNTS)).records == (account,)
        assert (await bench.poll(Kind.ACCOUNTS)).records is None
        await _until(lambda: bench.reader.small(Kind.ACCOUNTS) == [json_of(account)])
        bench.client.bodies[Kind.CURRENCIES] = b'["ZAR",7,{"code":"BTC","decimals":8}]'
        report = await bench.poll(Kind.CURRENCIES)
        assert [each.code for each in report.records or ()] == ["ZAR", "BTC"]
        assert report.state.set_aside == 1

    bench.run(scenario)


def test_a_compressed_list_is_known_again_by_its_tag_also_after_something_else_was_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []

    def noted(*parts: bytes) -> bytes:
        hashed.append(sum(map(len, parts)))
        return piece_digest(*parts)

    async def scenario(bench: Bench) -> None:
        bench.client.is_compressed = True
        bench.client.lay(Kind.TRADES, a_trade(transaction_id="t1"))
        for number in range(4):
            account = an_account(id="a1", balance=Decimal(number))
            bench.client.lay(Kind.ACCOUNTS, account)
            await bench.poll(Kind.ACCOUNTS)
            await _until(lambda account=account: bench.reader.small(Kind.ACCOUNTS) == [json_of(account)])  # type: ignore[misc]
            await bench.poll(Kind.TRADES)

    monkeypatch.setattr("lumedesk.api.recognising.piece_digest", noted)
    bench.run(scenario)
    # To see that it is not the empty list before; and when it came again for the first time.
    assert [size for size in hashed if size > len(b"[]")] == [len(bench.client.bodies[Kind.TRADES])] * 2


def test_several_answers_in_a_row_make_one_writing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    write = bench.mirror.write_small

    def noted(kind: Kind, rows: Any, *more: Any, **named: Any) -> Any:
        written.append(rows)
        return write(kind, rows, *more, **named)

    accounts = [an_account(id="a1", balance=Decimal(number)) for number in range(5)]

    async def scenario(bench: Bench) -> None:
        monkeypatch.setattr(bench.mirror, "write_small", noted)
        for account in accounts:
            bench.client.lay(Kind.ACCOUNTS, account)
            assert (await bench.poll(Kind.ACCOUNTS)).records == (account,)
        await _until(lambda: bench.reader.small(Kind.ACCOUNTS) == [json_of(accounts[-1])])

    monkeypatch.setattr(module, "_WRITTEN_AFTER_S", 1.5)
    bench.run(scenario)
    assert written == [[("a1", json_of(accounts[-1]))]]


def test_a_list_is_shown_again_and_again_while_the_disk_is_busy_and_the_last_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITTEN_AFTER_S", 0.0)
    first, other = an_account(id="a1", balance=Decimal("1.00")), an_account(id="a1", balance=Decimal("2.00"))

    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.ACCOUNTS, first)
        await bench.poll(Kind.ACCOUNTS)
        while bench.reader.small(Kind.ACCOUNTS) != [json_of(first)]:  # noqa: ASYNC110 - the file tells
            await asyncio.sleep(0)
        async with bench.feeds._writing:
            # What isn't written yet is what the next list is compared with.
            for account, shown in ((other, (other,)), (other, None), (first, (first,)), (other, (other,))):
                bench.client.lay(Kind.ACCOUNTS, account)
                assert (await bench.poll(Kind.ACCOUNTS)).records == shown
                await _until(lambda: bench.feeds._writing.is_wanted)
            assert bench.reader.small(Kind.ACCOUNTS) == [json_of(first)]
        async with asyncio.timeout(5):
            while bench.reader.small(Kind.ACCOUNTS) != [json_of(other)]:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0)

    bench.run(scenario)


def test_a_list_that_waits_to_be_written_never_comes_after_a_newer_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_go_on = threading.Event(), threading.Event()
    checkpoint = bench.mirror.checkpoint

    def slow() -> None:
        began.set()
        may_go_on.wait(5)
        checkpoint()

    monkeypatch.setattr(bench.mirror, "checkpoint", slow)

    async def scenario(bench: Bench) -> None:
        monkeypatch.setattr(bench.mirror, "_waiting_pages", 10_000)
        await bench.poll(Kind.ACCOUNTS)
        assert await asyncio.to_thread(began.wait, 5)
        # While the file is busy, two lists come. The second one isn't whole, so it is written at once.
        bench.client.lay(Kind.ACCOUNTS, an_account(id="a1", balance=Decimal(1)))
        await bench.poll(Kind.ACCOUNTS)
        newer = an_account(id="a1", balance=Decimal(2))
        bench.client.lay(Kind.ACCOUNTS, newer, b'{"id":7}')
        bench.feeds.kick((Kind.ACCOUNTS,))
        for _ in range(20):
            await asyncio.sleep(0)
        may_go_on.set()
        await bench._report()
        await _until(lambda: not bench.feeds._unwritten and not bench.feeds._writing.locked())
        assert bench.reader.small(Kind.ACCOUNTS) == [json_of(newer)]

    bench.run(scenario)


def test_after_a_failed_write_the_list_before_is_shown_again_when_it_comes_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = an_account(id="a1", balance=Decimal(1)), an_account(id="a1", balance=Decimal(2))

    def full(*_: Any, **__: Any) -> None:
        raise apsw.FullError("database or disk is full")

    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.ACCOUNTS, before)
        await bench.poll(Kind.ACCOUNTS)
        await _until(lambda: bench.reader.small(Kind.ACCOUNTS) == [json_of(before)])
        with monkeypatch.context() as patch:
            patch.setattr(bench.mirror, "write_small", full)
            bench.client.lay(Kind.ACCOUNTS, after)
            assert (await bench.poll(Kind.ACCOUNTS)).records == (after,)
            assert isinstance((await bench._report()).state.error, Unexpected)
        bench.client.lay(Kind.ACCOUNTS, before)
        assert (await bench.poll(Kind.ACCOUNTS)).records == (before,)

    bench.run(scenario)


@pytest.mark.parametrize("waits_for", ["a moment", "the disk"])
def test_what_is_shown_is_in_the_file_when_the_feeds_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, waits_for: str
) -> None:
    shown = an_account(id="a1", balance=Decimal(2))
    monkeypatch.setattr(module, "_WRITTEN_AFTER_S", 0.0 if waits_for == "the disk" else 60.0)

    async def scenario(bench: Bench) -> None:
        await bench.feeds._writing.acquire()
        bench.client.lay(Kind.ACCOUNTS, shown)
        await bench.poll(Kind.ACCOUNTS)
        if waits_for == "the disk":
            await _until(lambda: bench.feeds._writing.is_wanted)
        assert bench.reader.small(Kind.ACCOUNTS) == []

    bench.run(scenario)
    bench.feeds._writing.release()
    # Somebody writes, so this fails; what is shown waits for the next try.
    bench.mirror.begin()
    with pytest.raises(apsw.SQLError):
        bench.feeds.save_ages()
    bench.mirror.rollback()
    bench.feeds.save_ages()
    assert bench.reader.small(Kind.ACCOUNTS) == [json_of(shown)]


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - the file tells
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b'{"content":[],"totalElements":3}',
        b'{"content":[{"transactionId":"t1","status":"COMPLETED"}],"totalElements":3,"last":false}',
        b'[{"transactionId":"t1","status":"COMPLETED"}]',
        b'[{"transactionId":"t1","rate":"18.4"},{"nothing":1}]',
    ],
)
def test_an_empty_or_partial_answer_never_wipes_a_history(bench: Bench, answer: bytes) -> None:
    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.TRADES, *(a_trade(transaction_id=f"t{n}") for n in range(3)))
        await bench.poll(Kind.TRADES)
        bench.client.bodies[Kind.TRADES] = answer
        assert (await bench.poll(Kind.TRADES)).state.error is None
        assert bench.ids(Kind.TRADES) == ["t0", "t1", "t2"]

    bench.run(scenario)


def test_rows_that_can_not_be_used_are_counted_and_cost_no_other(bench: Bench) -> None:
    async def scenario(bench: Bench) -> None:
        nested = b'{"transactionId":"deep","withdrawDetails":' + b'{"a":' * 600 + b"1" + b"}" * 600 + b"}"
        bad = [b'{"transactionId":"b","amount":"1"}', b'{"amount":1}', b'{"transactionId":"","amount":1}', b"7"]
        bench.client.lay(Kind.WITHDRAWALS, a_withdrawal(transaction_id="w1"), *bad, nested)
        report = await bench.poll(Kind.WITHDRAWALS)
        assert report.state.error is None
        assert report.state.set_aside == 4
        assert bench.ids(Kind.WITHDRAWALS) == ["deep", "w1"]
        again = await bench.poll(Kind.WITHDRAWALS)
        assert again.state.set_aside == 4

    bench.run(scenario)


@pytest.mark.parametrize("error", [TimedOut("slow"), Unreadable("html"), ZeroDivisionError("a defect")])
def test_a_failed_poll_keeps_the_last_good_data_and_says_why(bench: Bench, error: Exception) -> None:
    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.TRADES, a_trade(transaction_id="t1"), b"7")
        good = await bench.poll(Kind.TRADES)
        before, bench.client.bodies[Kind.TRADES] = bench.client.bodies[Kind.TRADES], error
        bench.clock.advance(60)
        bad = await bench.poll(Kind.TRADES)
        assert bad.state.error is error or isinstance(bad.state.error, Unexpected)
        assert (bad.state.confirmed_at, bad.state.set_aside) == (good.state.confirmed_at, 1)
        assert bench.ids(Kind.TRADES) == ["t1"]
        bench.client.bodies[Kind.TRADES] = before
        recovered = await bench.poll(Kind.TRADES)
        assert recovered.state.error is None
        assert recovered.state.confirmed_at == bench.clock.now()

    bench.run(scenario)


def test_rows_that_are_findable_later_are_told_of_twice_but_different_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.store.arriving._AT_ONCE", 10)

    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.TRADES, *(a_trade(transaction_id=f"t{n}") for n in range(40)))
        reports = [await bench.poll(Kind.TRADES)]
        while not reports[-1].is_findable:
            reports.append(await bench._report())
        assert len(reports) > 1
        assert all(report.touched is None for report in reports[:-1])
        assert reports[-1].touched == ()
        assert reports[-1].is_whole
        assert len(bench.ids(Kind.TRADES)) == 40
        assert not bench.mirror.is_behind(Kind.TRADES)
        bench.client.lay(Kind.TRADES, *(a_trade(transaction_id=f"t{n}") for n in range(41)))
        assert not (await bench.poll(Kind.TRADES)).is_findable, "one more row is found at once"

    bench.run(scenario)


def test_a_write_that_fails_half_way_leaves_the_last_poll_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        bench.client.lay(Kind.TRADES, a_trade(transaction_id="t1"))
        await bench.poll(Kind.TRADES)
        bench.client.lay(Kind.TRADES, a_trade(transaction_id="t1"), a_trade(transaction_id="t2"))
        with monkeypatch.context() as patched:

            def full(*_: Any) -> None:
                raise apsw.FullError("disk full")

            patched.setattr("lumedesk.store.arriving.write_dataset", full)
            assert (await bench.poll(Kind.TRADES)).touched is None, "what could be seen already is gone"
            assert isinstance((await bench._report()).state.error, Unexpected)
        assert bench.ids(Kind.TRADES) == ["t1"]
        assert (await bench.poll(Kind.TRADES)).state.error is None
        assert bench.ids(Kind.TRADES) == ["t1", "t2"]

    bench.run(scenario)


def test_trouble_after_the_poll_does_not_end_the_loops(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        with monkeypatch.context() as patched:

            def broken(*_: Any) -> int:
                raise apsw.IOError("disk gone")

            patched.setattr(bench.reader, "unfinished", broken)
            assert isinstance((await bench.poll(Kind.TRADES)).state.error, Unexpected)
        assert (await bench.poll(Kind.TRADES)).state.error is None
        assert (await bench.poll(Kind.DEPOSITS)).state.error is None

    bench.run(scenario)


def test_a_kick_during_a_poll_is_not_lost(bench: Bench) -> None:
    async def scenario(bench: Bench) -> None:
        asked, may_answer = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            asked.set()
            await may_answer.wait()

        bench.client.before_answering = hold
        bench.feeds.kick((Kind.TRADES,))
        await asked.wait()
        bench.feeds.kick((Kind.TRADES,))  # something happened that the answer under way may not show
        may_answer.set()
        assert [(await bench._report()).kind for _ in range(2)] == [Kind.TRADES, Kind.TRADES]

    bench.run(scenario)


def test_the_server_s_word_on_when_to_come_back_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    real = asyncio.timeout

    def noted(delay: float) -> Any:
        waits.append(delay)
        return real(delay)

    async def scenario(bench: Bench) -> None:
        monkeypatch.setattr(module.asyncio, "timeout", noted)
        bench.client.bodies[Kind.TRADES] = RateLimited("slow down", retry_after_s=45.0)
        await bench.poll(Kind.TRADES)
        await asyncio.sleep(0)
        monkeypatch.undo()
        assert 45.0 in waits

    bench.run(scenario)


def test_ages_are_saved_at_the_end_and_known_at_the_next_start(bench: Bench, profile: ProfilePaths) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.poll(Kind.TRADES)
        bench.clock.advance(3600)
        await bench.poll(Kind.TRADES)
        bench.feeds.save_ages()

    bench.run(scenario)
    dataset = bench.reader.dataset(Kind.TRADES)
    assert dataset is not None
    assert dataset.confirmed_at == bench.clock.now()
