"""The desk's own connections, against real sockets: long bodies whole and in order, in clear and over TLS, until they break."""

import asyncio
import gc
import hashlib
import itertools
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
import trustme

from lumedesk.api.arrival import Arrival
from lumedesk.api.connection import _ROOM, _SIZE, Connections, _Inbox
from lumedesk.api.connection import Connection as OurConnection
from lumedesk.api.tls import causes
from lumedesk.domain.errors import TimedOut, Unreachable, Unreadable
from lumedesk.domain.kinds import Kind
from tests.support.raw_server import Connection, RawServer, Script, http
from tests.support.tls import authority_file, serving
from tests.support.wire import a_client

# Longer than one connection holds at a time. It repeats itself after 1.6 MB: nothing is taken in by that length.
LONG = b"".join(hashlib.sha256(bytes([number % 251, number // 251])).digest() for number in range(50_000)) * 11


def arrived(
    *scripts: bytes | Script, authority: trustme.CA | None = None, folder: Path | None = None, **settings: float
) -> list[bytes]:
    """The body's digest as it came, by somebody who looks at each piece only after others had their turn; for each script."""

    async def take(arrival: Arrival) -> bytes:
        digest = hashlib.sha256()
        async for piece in arrival.pieces():
            for _ in range(5):
                await asyncio.sleep(0)
            digest.update(piece)
        return digest.digest()

    async def main() -> list[bytes]:
        context = extra_ca = None
        if authority is not None and folder is not None:
            context = serving(authority.issue_cert("localhost"))
            extra_ca = authority_file(authority, folder)
        async with (
            RawServer(list(scripts), ssl_context=context) as server,
            a_client(server.url, extra_ca=extra_ca, **settings) as client,
        ):
            return [await client.arrive(Kind.TRADES, None, take) for _ in scripts]

    return asyncio.run(main())


WHOLE = [hashlib.sha256(LONG).digest()]


def test_a_long_body_comes_whole_and_in_order() -> None:
    assert arrived(http(200, LONG)) == WHOLE


def test_a_long_body_comes_whole_over_tls(authority: trustme.CA, tmp_path: Path) -> None:
    assert arrived(http(200, LONG), authority=authority, folder=tmp_path) == WHOLE


def test_a_long_body_in_chunks_comes_whole() -> None:
    parts = [LONG[at : at + 100_000] for at in range(0, len(LONG), 100_000)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])
    assert arrived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) == WHOLE


def test_what_follows_a_long_body_is_not_taken_for_a_part_of_it() -> None:
    assert arrived(http(200, LONG) + b"HTTP/1.1 200 OK\r\n\r\n") == WHOLE


def test_after_a_long_body_the_next_request_is_answered() -> None:
    assert arrived(http(200, LONG), http(200, b"[]")) == [*WHOLE, hashlib.sha256(b"[]").digest()]


@pytest.mark.parametrize("resets", [False, True])
def test_a_long_body_that_breaks_off_is_an_error(resets: bool) -> None:
    async def cut(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, LONG)[:-7])
        if resets:
            connection.reset()

    with pytest.raises(Unreachable):
        arrived(cut)


def test_silence_in_the_midst_of_a_long_body_ends_it() -> None:
    async def silent(connection: Connection) -> None:
        await connection.request()
        await connection.send(http(200, LONG)[:-7])
        await asyncio.Event().wait()

    with pytest.raises(TimedOut) as caught:
        arrived(silent, deadline_s=0.3, list_deadline_s=60.0)
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout), "not the end of the whole list's time"


def test_windows_way_of_feeding_a_buffer_never_finds_it_full() -> None:
    """Windows' event loop reads 64 KB by itself and then asks for room until all of it is placed. Called as it calls."""

    class Paused(asyncio.Transport):
        is_paused = False

        def pause_reading(self) -> None:
            self.is_paused = True

        def resume_reading(self) -> None:
            self.is_paused = False

    transport, inbox = Paused(), _Inbox([])
    inbox.connection_made(transport)
    size = 300
    fed = 0
    while not transport.is_paused:
        asyncio.protocols._feed_data_to_buffered_proto(inbox, bytes(size))
        fed, size = fed + size, 64 * 1024
    assert _SIZE - _ROOM < fed <= _SIZE
    assert len(asyncio.run(inbox.taken())) == fed


def test_a_head_that_never_ends_is_refused() -> None:
    with pytest.raises(Unreadable):
        arrived(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3_000_000)


def test_lists_are_read_over_them_and_orders_go_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    plainly = Connections.connect_tcp

    async def watched(self: Connections, host: str, port: int, *more: Any, **settings: Any) -> OurConnection:
        made.append(port)
        return await plainly(self, host, port, *more, **settings)

    monkeypatch.setattr(Connections, "connect_tcp", watched)

    async def main() -> None:
        async with (
            RawServer([http(200, b"[]"), http(201, b'{"id":"acc_1","currency":"ZAR"}')]) as server,
            a_client(server.url) as client,
        ):
            await client.list_accounts()
            assert made == [server.port]
            await client.create_account("ZAR")
            assert made == [server.port]

    asyncio.run(main())


@asynccontextmanager
async def connected(script: Script) -> AsyncIterator[OurConnection]:
    async with RawServer([script]) as server:
        connection = await Connections().connect_tcp("127.0.0.1", server.port, timeout=5)
        try:
            yield connection
        finally:
            await connection.aclose()


def test_the_room_of_a_closed_connection_is_the_next_ones_and_never_two_connections() -> None:
    spare: list[memoryview] = []
    first, second, third = (_Inbox(spare) for _ in range(3))
    room = first.get_buffer(-1).obj
    assert second.get_buffer(-1).obj is not room
    first.give_back()
    first.give_back()
    assert third.get_buffer(-1).obj is room
    assert first.get_buffer(-1).obj is not room, "what comes after all comes into room of its own"
    for inbox in (first, second, third):
        inbox.give_back()
    assert len(spare) == 2, "more than one connection needs isn't kept"


def test_connections_one_after_another_and_at_once_each_hear_their_own() -> None:
    async def main() -> None:
        connections = Connections()
        async with RawServer([b"first", b"second", b"third"]) as server:

            async def heard(connection: OurConnection) -> bytes:
                await connection.write(b"GET / HTTP/1.1\r\n\r\n", timeout=5)
                return await connection.read(100, timeout=5)

            first = await connections.connect_tcp("127.0.0.1", server.port, timeout=5)
            assert await heard(first) == b"first"
            await first.aclose()
            second = await connections.connect_tcp("127.0.0.1", server.port, timeout=5)
            third = await connections.connect_tcp("127.0.0.1", server.port, timeout=5)
            await second.write(b"GET / HTTP/1.1\r\n\r\n", timeout=5)
            seen = await second.some(100)
            assert await heard(third) == b"third"
            assert seen == b"second", "it stays while another one hears something"
            await second.aclose()
            await third.aclose()

    asyncio.run(main())


async def heard_all(connection: OurConnection, size: int) -> list[bytes]:
    await connection.write(b"GET / HTTP/1.1\r\n\r\n", timeout=5)
    came: list[bytes] = []
    while left := size - len(b"".join(came)):
        came.append(bytes(await asyncio.wait_for(connection.some(left), 10)))
    return came


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each piece is taken as it comes")
def test_what_comes_little_by_little_is_taken_in_few_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumedesk.api.connection._MOMENT_S", 2.0)
    parts = [LONG[at : at + 1_000] for at in range(0, 50_000, 1_000)]

    async def trickles(connection: Connection) -> None:
        await connection.request()
        for part in parts:
            connection.writer.write(part)
            await asyncio.sleep(0.001)

    async def main() -> list[bytes]:
        async with connected(trickles) as connection:
            return await heard_all(connection, 50_000)

    came = asyncio.run(main())
    assert b"".join(came) == b"".join(parts)
    assert len(came) < 5


def test_the_end_of_a_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumedesk.api.connection._MOMENT_S", 60.0)

    async def stays(connection: Connection) -> None:
        await connection.request()
        for part in (http(200, LONG)[:-1_000], LONG[-1_000:]):
            await connection.send(part)
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()

    assert arrived(stays) == WHOLE


def test_over_tls_whatever_comes_is_taken_at_once(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.api.connection._MOMENT_S", 60.0)
    whole = http(200, LONG)
    cuts = [0, 300_000, 400_000, len(whole)]
    parts = [whole[start:end] for start, end in itertools.pairwise(cuts)]
    sent = itertools.accumulate(map(len, parts))

    async def waits_for_each(connection: Connection) -> None:
        await connection.request()
        for part in parts:
            taken.clear()
            await connection.send(part)
            await taken.wait()

    async def take(arrival: Arrival) -> int:
        size, part_ends = 0, next(sent)
        async for piece in arrival.pieces():
            size += len(piece)
            if size + len(whole) - len(LONG) >= part_ends:
                part_ends = next(sent, 0)
                taken.set()
        return size

    async def main() -> int:
        context = serving(authority.issue_cert("localhost"))
        async with (
            RawServer([waits_for_each], ssl_context=context) as server,
            a_client(server.url, extra_ca=authority_file(authority, tmp_path)) as client,
        ):
            return await client.arrive(Kind.TRADES, None, take)

    taken = asyncio.Event()
    assert asyncio.run(main()) == len(LONG)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each piece comes by a turn of the event loop")
def test_what_is_there_is_read_on_but_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumedesk.api.connection._SIZE", 100_000)
    monkeypatch.setattr("lumedesk.api.connection._READS_IN_A_ROW", 3)

    async def sends(connection: Connection) -> None:
        await connection.request()
        await connection.send(LONG)

    async def turns(pieces: list[bytes], seen: list[int]) -> None:
        while True:
            seen.append(len(pieces))
            await asyncio.sleep(0)

    async def main() -> tuple[list[bytes], list[int]]:
        pieces, seen = list[bytes](), list[int]()
        async with connected(sends) as connection:
            await connection.write(b"GET / HTTP/1.1\r\n\r\n", timeout=5)
            others = asyncio.create_task(turns(pieces, seen))
            async with asyncio.timeout(10):
                while left := len(LONG) - sum(map(len, pieces)):
                    pieces.append(bytes(await connection.some(left)))
            others.cancel()
        return pieces, seen

    pieces, seen = asyncio.run(main())
    assert b"".join(pieces) == LONG
    assert max(after - before for before, after in itertools.pairwise(seen)) == 4, "one by a turn, three read on"


@pytest.mark.parametrize("resets", [False, True])
def test_an_end_that_the_event_loop_has_not_heard_of_is_an_end(resets: bool) -> None:
    async def main() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            connection = await Connections().connect_tcp("127.0.0.1", listener.getsockname()[1], timeout=5)
            other, _ = listener.accept()
            with other:
                other.sendall(b"some")
                assert await connection.some(1_000) == b"some"
                if resets:
                    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                async with asyncio.timeout(10):
                    return bytes(await connection.some(996))
            finally:
                await connection.aclose()

    if resets:
        with pytest.raises(ConnectionResetError):
            asyncio.run(main())
    else:
        assert asyncio.run(main()) == b""


def test_little_that_nothing_follows_is_told_too() -> None:
    async def hesitates(connection: Connection) -> None:
        await connection.request()
        for _ in range(3):
            await connection.send(LONG[:1_000])
            await answered.wait()
            answered.clear()
        await connection.send(LONG[:700_000])
        await connection.send(b"of another answer")

    async def main() -> None:
        async with connected(hesitates) as connection:
            await connection.write(b"GET / HTTP/1.1\r\n\r\n", timeout=5)
            for _ in range(3):
                assert await asyncio.wait_for(connection.some(1_000_000), 10) == LONG[:1_000]
                answered.set()
            left = 700_000
            while left:
                came = await asyncio.wait_for(connection.some(left), 10)
                assert came == LONG[700_000 - left :][: len(came)]
                left -= len(came)

    answered = asyncio.Event()
    asyncio.run(main())


def test_each_wait_has_an_end() -> None:
    async def mute(connection: Connection) -> None:
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        await asyncio.Event().wait()

    async def main() -> None:
        async with connected(mute) as connection:
            with pytest.raises(httpcore.ReadTimeout):
                await connection.read(1, timeout=0.01)
            with pytest.raises(httpcore.WriteTimeout):
                await connection.write(bytes(64 * 1024 * 1024), timeout=0.01)
            with pytest.raises(httpcore.ConnectTimeout):
                await connection.start_tls(ssl.create_default_context(), "localhost", timeout=0.01)

    asyncio.run(main())


def test_an_idle_connection_says_when_it_was_closed() -> None:
    closes = asyncio.Event()

    async def waits(connection: Connection) -> None:
        await closes.wait()

    async def main() -> None:
        async with connected(waits) as connection:
            assert connection.get_extra_info("is_readable") is False
            closes.set()
            assert await connection.read(1, timeout=5) == b""
            assert connection.get_extra_info("is_readable") is True
            with pytest.raises(httpcore.WriteError):
                await connection.write(b"x", timeout=5)

    asyncio.run(main())


def a_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Resolving(asyncio.SelectorEventLoop):
    """A loop on which each name has these addresses."""

    addresses: tuple[str, ...] = ()

    async def getaddrinfo(self, host: object, port: object, **_: object) -> list[tuple[object, ...]]:  # type: ignore[override]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in self.addresses
        ]


def connecting(port: int, *addresses: str, listens: bool) -> None:
    async def main() -> None:
        server = (
            await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port) if listens else None
        )
        connection = await Connections().connect_tcp("desk.invalid", port, timeout=5)
        await connection.aclose()
        if server is not None:
            server.close()
            await server.wait_closed()

    def factory() -> asyncio.AbstractEventLoop:
        loop = Resolving()
        loop.addresses = addresses
        return loop

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


def test_the_next_address_is_tried_when_one_refuses() -> None:
    connecting(a_port(), "127.0.0.2", "127.0.0.1", listens=True)


def test_the_next_address_is_tried_when_one_is_silent() -> None:
    # A queue of one, and full: whoever comes next hears nothing.
    with socket.socket() as silent:
        silent.bind(("127.0.0.2", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        with socket.create_connection(("127.0.0.2", port)), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(("127.0.0.2", port))
            connecting(port, "127.0.0.2", "127.0.0.1", listens=True)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("127.0.0.2", "127.0.0.1")])
def test_what_all_addresses_refuse_is_refused(addresses: tuple[str, ...]) -> None:
    with pytest.raises(httpcore.ConnectError) as caught:
        connecting(a_port(), *addresses, listens=False)
    assert any(isinstance(each, ConnectionRefusedError) for each in causes(caught.value))


def test_one_that_is_given_up_leaves_nothing_open() -> None:
    async def main(rounds: int) -> None:
        async with RawServer([b""]) as server:
            attempt = asyncio.create_task(Connections().connect_tcp("127.0.0.1", server.port))
            for _ in range(rounds):
                await asyncio.sleep(0)
            attempt.cancel()
            try:
                connection = await attempt
            except asyncio.CancelledError:
                return
            await connection.aclose()

    # Wherever it is; a socket that is left open fails the test as a warning.
    for rounds in range(12):
        asyncio.run(main(rounds))
    gc.collect()
