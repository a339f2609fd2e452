"""HTTP as the sandbox speaks it: bounds, bad clients, kept and concurrent connections."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.sandbox.server import Server
from tests.support.sandbox import SandboxControl, client_of, headers
from tests.support.sandbox_desk import SandboxDesk


@contextmanager
def socket_to(address: SandboxAddress) -> Iterator[socket.socket]:
    parts = urlsplit(address.base_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as opened:
        yield opened


def until_closed(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def head(address: SandboxAddress, line: str, *more: str) -> bytes:
    fields = [f"{name}: {value}" for name, value in headers(address.credentials).items()]
    return "\r\n".join([f"{line} HTTP/1.1", "Host: sandbox", *fields, *more, "", ""]).encode()


def test_every_answer_has_the_time_and_an_id(client: httpx.Client) -> None:
    replies = [client.get("/accounts"), client.get("/nope"), client.get("/accounts", headers={"X-API-KEY": "no"})]
    assert all(parsedate_to_datetime(reply.headers["Date"]).tzinfo for reply in replies)
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 3
    assert replies[1].json()["requestId"] == replies[1].headers["X-Request-Id"]


def test_a_connection_serves_many_requests(address: SandboxAddress) -> None:
    with socket_to(address) as connection:
        # Sent at once, answered in turn.
        connection.sendall(
            head(address, "GET /api/v1/accounts") + head(address, "GET /api/v1/nope", "Connection: close")
        )
        received = until_closed(connection)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 404 Not Found" in received


def test_many_connections_are_served_at_once(address: SandboxAddress, control: SandboxControl) -> None:
    def ask(_: int) -> int:
        with client_of(address) as client:
            return client.get("/trades").status_code

    control.fault("getWallets", "delay", seconds=20)
    with client_of(address) as waiting, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(waiting.get, "/wallets", timeout=0.5)
        with ThreadPoolExecutor(8) as others:
            assert set(others.map(ask, range(40))) == {200}
        assert isinstance(slow.exception(), httpx.ReadTimeout)


def test_head_gets_no_body(client: httpx.Client) -> None:
    reply = client.head("/accounts")
    assert (reply.status_code, reply.content) == (405, b"")
    assert client.get("/accounts").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400(address: SandboxAddress, sent: bytes) -> None:
    with socket_to(address) as connection:
        connection.sendall(sent)
        received = until_closed(connection)
    assert received.startswith(b"HTTP/1.1 400 Bad Request")
    assert b'"httpStatus":400' in received


def test_headers_without_end_are_refused(address: SandboxAddress) -> None:
    with socket_to(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("size", [1024 * 1024, 1024 * 1024 + 1, 8 * 1024 * 1024])
def test_a_body_of_a_mebibyte_is_the_most(client: httpx.Client, size: int) -> None:
    body = b'{"currency":"' + b"Z" * (size - 15) + b'"}'
    assert len(body) == size
    reply = client.post("/accounts", content=body)
    assert reply.status_code == (400 if size == 1024 * 1024 else 413)
    assert client.get("/accounts").status_code == 200


def test_a_client_may_ask_before_it_sends_a_body(address: SandboxAddress) -> None:
    body = b'{"currency":"NOPE"}'
    with socket_to(address) as connection:
        line = head(
            address,
            "POST /api/v1/accounts",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
            "Connection: close",
        )
        connection.sendall(line)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert until_closed(connection).startswith(b"HTTP/1.1 404")


def test_a_chunked_body_is_read(client: httpx.Client) -> None:
    assert client.post("/accounts", content=iter([b'{"curr', b'ency":"NOPE"}'])).status_code == 404


def test_a_client_that_stops_half_way_is_cut_off() -> None:
    desk = SandboxDesk(history=3)

    async def scene() -> list[bytes]:
        server = Server(desk.gate, desk.clock, patience_s=0.1, idle_s=0.2)
        port = await server.start(0)
        received = []
        for sent in (b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            try:
                async with asyncio.timeout(5):
                    received.append(await reader.read())
            except ConnectionResetError:
                received.append(b"")
            writer.close()
        await server.close()
        return received

    assert asyncio.run(scene()) == [b"", b"", b""]


def test_a_client_that_never_reads_is_cut_off() -> None:
    desk = SandboxDesk(history=30_000)
    keys = headers_of(desk)

    async def scene() -> bool:
        server = Server(desk.gate, desk.clock, patience_s=0.2)
        port = await server.start(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /api/v1/trades HTTP/1.1\r\nHost: x\r\n" + keys + b"\r\n")
        async with asyncio.timeout(5):
            while not server.is_idle:  # noqa: ASYNC110 - what ends is on the other side of a socket nobody reads
                await asyncio.sleep(0.01)
        writer.transport.abort()
        del reader
        await server.close()
        return True

    assert asyncio.run(scene())


def headers_of(desk: SandboxDesk) -> bytes:
    pair = desk.keys["operator"]
    return f"X-API-KEY: {pair.key}\r\nX-API-SECRET: {pair.secret}\r\n".encode()


def test_a_mistake_of_ours_looks_like_the_vendors(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = SandboxDesk()
    monkeypatch.setattr(desk.desk, "catch_up", lambda: 1 / 0)

    async def scene() -> bytes:
        server = Server(desk.gate, desk.clock)
        port = await server.start(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers_of(desk) + b"\r\n")
        received = await reader.read()
        writer.close()
        await server.close()
        return received

    received = asyncio.run(scene())
    assert received.startswith(b"HTTP/1.1 500")
    assert b'"httpStatus":500' in received
    assert "ZeroDivisionError" in capsys.readouterr().err
