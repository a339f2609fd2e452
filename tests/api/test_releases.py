"""The notice of releases over real sockets: what is sent for it, what is not followed, and what is not believed."""

import asyncio
import base64
import gzip
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from lumedesk.api.endpoint import Endpoint
from lumedesk.api.releases import NotFetched, fetch_notice, opened
from lumedesk.domain.errors import DeskError
from lumedesk.domain.releases import MAX_BYTES, UpdateRefused, Why
from tests.support.proxies import PROXY_VARIABLES, name_only
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
from tests.support.releases import KEY_ID, OTHER_KEY, a_source, a_text, an_envelope, public, signed
from tests.support.tls import serving

KEYS = a_source().keys
BODY = an_envelope()


def fetched(*answers: bytes | Script, deadline_s: float = 5.0) -> tuple[bytes | DeskError, RawServer]:
    """What comes of one check, and the server with what it heard."""

    async def scenario() -> tuple[bytes | DeskError, RawServer]:
        # Far beyond any deadline here: a check that never gives up fails the test.
        async with RawServer(list(answers)) as server, asyncio.timeout(15):
            return await outcome(Endpoint(f"{server.url}/lumedesk/manifest.json"), deadline_s), server

    return asyncio.run(scenario())


async def outcome(endpoint: Endpoint, deadline_s: float = 5.0) -> bytes | DeskError:
    try:
        return await fetch_notice(endpoint, deadline_s=deadline_s)
    except DeskError as error:
        return error


def why(result: bytes | DeskError) -> Why:
    assert isinstance(result, UpdateRefused), result
    return result.why


# What is sent


def test_nothing_is_sent_but_the_request() -> None:
    async def scenario() -> tuple[bytes, bytes, int]:
        heard: list[bytes] = []
        ended = asyncio.Event()

        async def listen(connection: Connection) -> None:
            heard.append(await connection.reader.readuntil(b"\r\n\r\n"))
            await connection.send(http(200, BODY))
            # What came behind the request's end would be a body.
            heard.append(await connection.reader.read())
            ended.set()

        async with RawServer([listen]) as server:
            assert await fetch_notice(Endpoint(f"{server.url}/lumedesk/manifest.json")) == BODY
            await ended.wait()
            return heard[0], heard[1], server.port

    request, rest, port = asyncio.run(scenario())
    assert request == (
        b"GET /lumedesk/manifest.json HTTP/1.1\r\n"
        b"Host: localhost:%d\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n" % port
    )
    assert rest == b""


def test_each_check_is_a_connection_of_its_own_and_no_cookie_comes_back() -> None:
    async def scenario() -> RawServer:
        async with RawServer([http(200, BODY, headers={"Set-Cookie": "id=1; Path=/"})]) as server:
            for _ in range(2):
                await fetch_notice(Endpoint(server.url))
            return server

    server = asyncio.run(scenario())
    assert server.connections == 2
    assert [sorted(each.headers) for each in server.requests] == [["accept-encoding", "connection", "host"]] * 2


@pytest.mark.parametrize("variable", PROXY_VARIABLES)
def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    async def scenario() -> tuple[RawServer, RawServer]:
        async with RawServer([http(200, BODY)]) as server, RawServer([http(502)]) as proxy:
            name_only(monkeypatch, variable, proxy.url)
            await fetch_notice(Endpoint(server.url))
            return server, proxy

    server, proxy = asyncio.run(scenario())
    assert (len(server.requests), proxy.connections) == (1, 0)


def test_the_profiles_proxy_is_asked_for_a_tunnel_and_sees_nothing_else() -> None:
    heard: list[bytes] = []

    async def refuse(connection: Connection) -> None:
        heard.append(await connection.reader.readuntil(b"\r\n\r\n"))
        await connection.send(http(403))

    async def scenario() -> bytes | DeskError:
        async with RawServer([refuse]) as proxy:
            return await outcome(Endpoint("https://releases.example.org/manifest.json", proxy.url))

    result = asyncio.run(scenario())
    assert isinstance(result, NotFetched)
    assert "The proxy refused the connection" in result.detail
    (request,) = heard
    assert request.startswith(b"CONNECT releases.example.org:443 HTTP/1.1\r\n")
    assert b"manifest.json" not in request
    assert b"httpx" not in request.lower()
    assert b"lumedesk" not in request.lower()


# What is not accepted from the server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_is_refused_and_never_followed(status: int, scheme: str) -> None:
    async def scenario() -> tuple[bytes | DeskError, RawServer, RawServer]:
        async with RawServer([http(200, BODY)]) as elsewhere:
            location = {"Location": f"{scheme}://localhost:{elsewhere.port}/manifest.json"}
            async with RawServer([http(status, BODY, headers=location)]) as server:
                return await outcome(Endpoint(server.url)), server, elsewhere

    result, server, elsewhere = asyncio.run(scenario())
    assert why(result) is Why.REDIRECT
    assert f"HTTP {status}, to {scheme}://localhost" in str(result)
    assert (server.connections, elsewhere.connections) == (1, 0)


def test_a_redirect_that_names_no_place_is_refused() -> None:
    assert why(fetched(http(302, BODY))[0]) in {Why.REDIRECT, Why.STATUS}


@pytest.mark.parametrize(
    "address", ["http://releases.example.org/manifest.json", "http://10.0.0.1/m.json", "ftp://a/b"]
)
def test_plain_http_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"https://|isn't one the desk can use"):
        Endpoint(address)


@pytest.mark.parametrize("status", [204, 206, 401, 404, 500, 503])
def test_any_other_status_is_refused(status: int) -> None:
    result, _ = fetched(http(status, b"" if status == 204 else BODY))
    assert why(result) is Why.STATUS
    assert f"HTTP {status}" in str(result)


def test_a_body_too_large_is_refused_by_what_it_says() -> None:
    async def announce(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        # Nothing of the body is waited for.
        assert await connection.reader.read() == b""

    assert why(fetched(announce)[0]) is Why.SIZE


def test_a_body_too_large_is_refused_while_it_comes() -> None:
    ended: list[bool] = []

    async def pour(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                await connection.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
        finally:
            ended.append(True)

    assert why(fetched(pour)[0]) is Why.SIZE
    assert ended == [True]


def test_the_largest_body_is_accepted() -> None:
    assert fetched(http(200, b" " * MAX_BYTES))[0] == b" " * MAX_BYTES
    assert why(fetched(http(200, b" " * (MAX_BYTES + 1)))[0]) is Why.SIZE


def test_a_compressed_body_is_refused() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    assert why(fetched(http(200, bomb, headers={"Content-Encoding": "gzip"}))[0]) is Why.CONTENT


# What is in the way


@pytest.mark.parametrize("script", [mute, dripping_header], ids=["silent", "dripping"])
def test_a_server_that_takes_too_long_is_given_up(script: Script) -> None:
    result, _ = fetched(script, deadline_s=0.3)
    assert isinstance(result, NotFetched)
    assert result.title == "The notice of releases can't be fetched"


def test_a_body_that_drips_is_given_up() -> None:
    async def drip(connection: Connection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while True:
            await connection.send(b" ")
            await asyncio.sleep(0.005)

    result, _ = fetched(drip, deadline_s=0.3)
    assert isinstance(result, NotFetched)


@pytest.mark.parametrize(
    "script", [close_at_once, reset_after_request, b"nonsense\r\n\r\n", http(200, BODY)[:-20]], ids=range(4)
)
def test_a_connection_that_breaks_is_told(script: bytes | Callable[[Connection], Awaitable[None]]) -> None:
    result, server = fetched(script)
    assert isinstance(result, NotFetched)
    assert result.detail
    assert server.connections == 1


def test_an_unknown_authority_is_named_and_nothing_is_sent(authority: trustme.CA) -> None:
    async def scenario() -> tuple[bytes | DeskError, RawServer]:
        async with RawServer([http(200, BODY)], ssl_context=serving(authority.issue_cert("localhost"))) as server:
            return await outcome(Endpoint(server.url)), server

    result, server = asyncio.run(scenario())
    assert isinstance(result, NotFetched)
    assert "authority this computer doesn't trust" in result.detail
    assert not server.requests


def test_the_profiles_authority_is_trusted(authority: trustme.CA, extra_ca: Path) -> None:
    async def scenario() -> bytes | DeskError:
        async with RawServer([http(200, BODY)], ssl_context=serving(authority.issue_cert("localhost"))) as server:
            return await outcome(Endpoint(server.url, extra_ca=extra_ca))

    assert asyncio.run(scenario()) == BODY


def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    result = asyncio.run(outcome(Endpoint("https://localhost:1/", extra_ca=tmp_path / "none.pem")))
    assert isinstance(result, NotFetched)
    assert "CA file" in result.detail


# The signature


def test_what_was_signed_comes_back_to_the_byte() -> None:
    text = b'{ "any":\t"bytes \xff at all" }\n'
    assert opened(an_envelope(text), KEYS) == text


def test_a_wrong_signature_is_refused() -> None:
    # Somebody else's, who gives it the right key's name.
    with pytest.raises(UpdateRefused) as caught:
        opened(an_envelope(key=OTHER_KEY), KEYS)
    assert caught.value.why is Why.SIGNATURE
    assert "doesn't match" in caught.value.detail


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UpdateRefused) as caught:
        opened(an_envelope(key=OTHER_KEY, key_id="other"), KEYS)
    assert caught.value.why is Why.KEY
    assert "Its name is other." in caught.value.detail


def test_one_of_several_keys_is_enough_but_only_the_one_that_is_named() -> None:
    keys = KEYS | {"next": public(OTHER_KEY)}
    assert opened(an_envelope(key=OTHER_KEY, key_id="next"), keys) == signed(a_text())
    with pytest.raises(UpdateRefused):
        opened(an_envelope(key=OTHER_KEY, key_id=KEY_ID), keys)


def test_a_body_altered_by_one_byte_is_refused() -> None:
    text = signed(a_text())
    told = json.loads(an_envelope(text))
    for at in range(len(text)):
        altered = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        body = json.dumps(told | {"signed": base64.b64encode(altered).decode()}).encode()
        with pytest.raises(UpdateRefused) as caught:
            opened(body, KEYS)
        assert caught.value.why is Why.SIGNATURE


def test_no_byte_of_the_envelope_can_be_altered_into_another_text() -> None:
    for at in range(len(BODY)):
        altered = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
        try:
            text = opened(altered, KEYS)
        except UpdateRefused:
            continue
        # Blanks between the members may be others; what is said may not.
        assert text == signed(a_text())


def test_nothing_that_is_signed_is_read_before_the_signature_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr("lumedesk.domain.releases._json", lambda body: read.append(body) or json.loads(body))
    with pytest.raises(UpdateRefused):
        opened(an_envelope(key=OTHER_KEY), KEYS)
    assert read == [an_envelope(key=OTHER_KEY)]
