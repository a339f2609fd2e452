"""Rows 1 to 20 of the fault matrix: the network and HTTP's grammar, over real sockets."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from lumedesk.domain.errors import (
    DeskError,
    Redirected,
    TimedOut,
    TlsFailed,
    Unreachable,
    Unreadable,
    Wire,
)
from lumedesk.domain.movements import Verdict
from tests.matrix.rig import RECEIPT, Rig, Site, Told, play, sent_amount
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

SHORT_S = 0.25


def under(rig: Rig, fault: bytes | Script, deadline_s: float = 5.0) -> Told:
    """Play a fault of a plain HTTP server."""

    async def scenario() -> Told:
        site = Site()

        async def break_it() -> None:
            await site.serve(fault)

        try:
            return await play(rig, site, break_it, site.serve, deadline_s=deadline_s)
        finally:
            await site.close()

    return asyncio.run(scenario())


def encrypted(
    rig: Rig, authority: trustme.CA, ca: Path, fault: Callable[[Site], Awaitable[None]], deadline_s: float = 5.0
) -> Told:
    """Play a fault of a server that speaks TLS rightly before and afterwards."""

    async def scenario() -> Told:
        site = Site("https")
        good = serving(authority.issue_cert("localhost"))

        async def heal(script: Script) -> None:
            await site.serve(script, good)

        try:
            return await play(rig, site, lambda: fault(site), heal, ca=ca, deadline_s=deadline_s)
        finally:
            await site.close()

    return asyncio.run(scenario())


def is_not_sent(told: Told, kind: type[DeskError], words: str) -> None:
    assert told.outcome.verdict is Verdict.NOT_SENT
    assert (type(told.error), told.error.wire) == (kind, Wire.NOT_SENT)
    assert words in told.error.detail
    assert told.posts == []
    assert type(told.offline.error) is kind


def is_unknown(told: Told, kind: type[DeskError], *, posts: int = 1) -> None:
    assert told.outcome.verdict is Verdict.UNKNOWN
    assert told.outcome.transaction_id is None
    assert type(told.error) is kind
    assert told.error.wire is not Wire.NOT_SENT
    assert len(told.posts) == posts
    assert all(sent_amount(post) for post in told.posts)
    assert type(told.offline.error) is kind


def test_row_01_dns_failure_is_not_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scenario() -> Told:
        site = Site()

        async def names_fail() -> None:
            monkeypatch.setattr(socket, "getaddrinfo", no_name)

        async def heal(script: Script) -> None:
            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            await site.serve(script)

        try:
            return await play(rig, site, names_fail, heal)
        finally:
            await site.close()

    is_not_sent(asyncio.run(scenario()), Unreachable, "DNS")


def test_row_02_refused_connection_is_not_sent(rig: Rig) -> None:
    async def scenario() -> Told:
        site = Site()
        try:
            return await play(rig, site, site.close, site.serve)
        finally:
            await site.close()

    is_not_sent(asyncio.run(scenario()), Unreachable, "refused")


async def silent(_connection: Connection) -> None:
    await asyncio.Event().wait()


def test_row_03_tls_handshake_timeout_is_not_sent(rig: Rig, authority: trustme.CA, ca: Path) -> None:
    told = encrypted(rig, authority, ca, lambda site: site.serve(silent), SHORT_S)
    is_not_sent(told, TimedOut, "")


def test_row_04_unknown_authority_is_not_sent_and_named(rig: Rig, authority: trustme.CA, ca: Path) -> None:
    stranger = serving(trustme.CA().issue_cert("localhost"))
    told = encrypted(rig, authority, ca, lambda site: site.serve(http(201, RECEIPT), stranger))
    is_not_sent(told, TlsFailed, "authority this computer doesn't trust")


def test_row_05_another_host_name_is_not_sent(rig: Rig, authority: trustme.CA, ca: Path) -> None:
    other = serving(authority.issue_cert("other.example"))
    told = encrypted(rig, authority, ca, lambda site: site.serve(http(201, RECEIPT), other))
    is_not_sent(told, TlsFailed, "another host name")


def test_row_06_old_tls_is_not_sent(rig: Rig, authority: trustme.CA, ca: Path) -> None:
    async def old(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(bytes.fromhex("15030200020246"))  # what TLS 1.1 says to 1.2: fatal, protocol_version

    told = encrypted(rig, authority, ca, lambda site: site.serve(old))
    is_not_sent(told, TlsFailed, "older than 1.2")


def test_row_07_close_before_reading_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, close_at_once), Unreachable, posts=0)


def test_row_08_reset_after_the_body_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, reset_after_request), Unreachable)


def test_row_09_read_timeout_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, mute, SHORT_S), TimedOut)


def test_row_10_a_dripping_header_meets_the_deadline_and_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, dripping_header, SHORT_S), TimedOut)


def test_row_11_partial_status_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, b"HTTP/1.1 2"), Unreachable)


def test_row_12_truncated_body_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, http(201, RECEIPT)[:-10]), Unreachable)


CHUNKED = b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("rest", [b"29\r\n" + RECEIPT[:20], b"%x\r\n%s\r\n" % (len(RECEIPT), RECEIPT)])
def test_row_13_truncated_chunk_is_unknown(rig: Rig, rest: bytes) -> None:
    is_unknown(under(rig, CHUNKED + rest), Unreachable)


def test_row_14_cut_body_without_a_length_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, b"HTTP/1.1 201 X\r\n\r\n" + RECEIPT[:-10]), Unreadable)


def test_row_15_conflicting_lengths_are_unknown(rig: Rig) -> None:
    is_unknown(under(rig, http(201, RECEIPT, headers={"content-length": "5"})), Unreadable)


def test_row_16_a_header_of_300_kb_is_unknown(rig: Rig) -> None:
    is_unknown(under(rig, http(201, RECEIPT, headers={"X": "a" * 300_000})), Unreadable)


PORTAL = http(200, b"<html>Please log in</html>", headers={"Content-Type": "text/html"})


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n", PORTAL], ids=["garbage", "captive portal"])
def test_row_17_garbage_is_unknown(rig: Rig, answer: bytes) -> None:
    is_unknown(under(rig, answer), Unreadable)


PRESSED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "body", [RECEIPT, gzip.compress(RECEIPT)[:-9], gzip.compress(RECEIPT)[:-8] + bytes(8)], ids=["none", "cut", "sum"]
)
def test_row_18_bad_gzip_is_unknown(rig: Rig, body: bytes) -> None:
    is_unknown(under(rig, http(201, body, headers=PRESSED)), Unreadable)


@pytest.mark.parametrize(
    "bomb",
    [
        http(201, gzip.compress(bytes(64 * 1024 * 1024)), headers=PRESSED),
        http(201, b"\x28\xb5\x2f\xfd" + bytes(1000), headers={"Content-Encoding": "zstd"}),
        b"HTTP/1.1 201 X\r\n\r\n" + bytes(5 * 1024 * 1024),
    ],
    ids=["gzip", "zstd", "plain"],
)
def test_row_19_a_bomb_is_stopped_and_unknown(rig: Rig, bomb: bytes) -> None:
    is_unknown(under(rig, bomb), Unreadable)


def test_row_20_a_redirect_is_not_followed_and_unknown(rig: Rig) -> None:
    async def scenario() -> tuple[Told, int]:
        site = Site()
        async with RawServer([http(201, RECEIPT)]) as other:
            away = http(307, headers={"Location": f"{other.url}/api/v1/beneficiaries/withdrawals"})
            try:
                told = await play(rig, site, lambda: site.serve(away), site.serve)
            finally:
                await site.close()
            return told, other.connections

    told, elsewhere = asyncio.run(scenario())
    is_unknown(told, Redirected)
    assert elsewhere == 0
