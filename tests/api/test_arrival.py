"""A long list while it comes in over a real socket: cut, compressed, the same as before, out of bounds, tried again."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from lumedesk.api import arrival as module
from lumedesk.api.arrival import Arrival
from lumedesk.api.recognising import Recogniser
from lumedesk.domain.errors import DeskError, ServerFault, TimedOut, Unreadable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.segments import piece_digest
from tests.support.raw_server import Connection, RawServer, Script, http
from tests.support.wire import a_client

T = TypeVar("T")
BODY = b"[" + b",".join(b'{"transactionId":"t%d","rate":%d}' % (number, number) for number in range(20_000)) + b"]"
COMPRESSED = gzip.compress(BODY, mtime=0)


def zipped(body: bytes = COMPRESSED) -> bytes:
    return http(200, body, headers={"Content-Encoding": "gzip"})


async def whole(arrival: Arrival) -> tuple[bytes, Arrival]:
    return b"".join([piece async for piece in arrival.pieces()]), arrival


def read(
    *scripts: bytes | Script,
    known: bytes | None = None,
    take: Callable[[Arrival], Awaitable[T]] = whole,  # type: ignore[assignment]
    **settings: float,
) -> T:
    async def main() -> T:
        async with RawServer(list(scripts)) as server, a_client(server.url, **settings) as client:
            return await client.arrive(Kind.TRADES, known, take)

    return asyncio.run(main())


@pytest.mark.parametrize("answer", [http(200, BODY), zipped()], ids=["plain", "gzip"])
def test_a_list_comes_in_pieces_that_are_the_whole(answer: bytes) -> None:
    pieces: list[bytes] = []

    async def take(arrival: Arrival) -> None:
        pieces.extend([piece async for piece in arrival.pieces()])

    read(answer, take=take)
    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) <= 1024 * 1024
    assert len(pieces) > 1


def test_a_compressed_list_that_is_the_same_is_not_opened() -> None:
    _, first = read(zipped())
    again, arrival = read(zipped(), known=first.digest)
    assert (again, arrival.is_same) == (b"", True)
    other, arrival = read(zipped(gzip.compress(BODY + b" ", mtime=0)), known=first.digest)
    assert (other, arrival.is_same) == (BODY + b" ", False)
    # What isn't compressed is known again by its parts, elsewhere.
    plain, arrival = read(http(200, BODY), known=first.digest)
    assert (plain, arrival.is_same, arrival.digest) == (BODY, False, b"")


def test_a_compressed_list_is_known_by_a_recogniser_that_saw_it_before(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = Recogniser()
    _, first = read(zipped())

    async def take(arrival: Arrival) -> tuple[bytes, Arrival]:
        return b"".join([piece async for piece in arrival.pieces(recogniser)]), arrival

    def never(*_: bytes) -> bytes:
        raise AssertionError("SHA-256 again")

    for _ in range(2):
        again, arrival = read(zipped(), known=first.digest, take=take)
        assert (again, arrival.is_same, arrival.digest) == (b"", True, first.digest)
        monkeypatch.setattr("lumedesk.api.recognising.piece_digest", never)
    changed = gzip.compress(BODY.replace(b"7", b"8", 1), mtime=0)
    other, arrival = read(zipped(changed), known=first.digest, take=take)
    assert (other, arrival.is_same, arrival.digest) == (BODY.replace(b"7", b"8", 1), False, piece_digest(changed))


@pytest.mark.parametrize(
    "answer",
    [
        http(200, BODY)[:-7],
        zipped()[:-7],
        zipped(COMPRESSED[:-7]),
        zipped(COMPRESSED + b"more"),
        zipped(COMPRESSED[:500] + b"\0\0\0\0" + COMPRESSED[504:]),
        http(200, BODY, headers={"Content-Encoding": "zstd"}),
    ],
)
@pytest.mark.parametrize("known", [None, b"another one"])
def test_a_list_that_is_cut_or_broken_is_an_error_for_whoever_takes_it(answer: bytes, known: bytes | None) -> None:
    with pytest.raises(DeskError) as caught:
        read(answer, known=known)
    assert caught.value.wire is not Wire.NOT_SENT


def test_a_list_that_broke_off_is_taken_anew() -> None:
    tries: list[int] = []

    async def take(arrival: Arrival) -> int:
        tries.append(0)
        async for piece in arrival.pieces():
            tries[-1] += len(piece)
        return tries[-1]

    assert read(http(200, BODY)[:-7], http(503), http(200, BODY), take=take) == len(BODY)
    assert len(tries) == 2
    assert tries[1] == len(BODY)


def test_a_refusal_is_told_as_for_every_request() -> None:
    with pytest.raises(ServerFault):
        read(http(500, b"<html>"))


def test_a_list_that_never_ends_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ARRIVAL_CAP", 100_000)
    for answer in (http(200, BODY), zipped()):
        with pytest.raises(Unreadable, match=r"larger|absurd"):
            read(answer)
    monkeypatch.setattr(module, "_COMPRESSED_CAP", 1_000)
    with pytest.raises(Unreadable, match="larger"):
        read(zipped(), known=b"another one")


def test_waiting_for_the_server_has_an_end_and_taking_a_list_in_has_none() -> None:
    async def drips(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[")
        await asyncio.Event().wait()

    with pytest.raises(TimedOut):
        read(drips, list_deadline_s=0.2)

    async def slowly(arrival: Arrival) -> int:
        size = 0
        async for piece in arrival.pieces():
            size += len(piece)
            if size == len(piece):
                await asyncio.sleep(1.2)
        return size

    assert read(http(200, BODY), take=slowly, list_deadline_s=1.0) == len(BODY)


def test_what_goes_wrong_in_taking_is_not_the_network_s_fault() -> None:
    async def take(_arrival: Arrival) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read(http(200, BODY), take=take)
