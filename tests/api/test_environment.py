"""Neither the environment nor a redirect has a say: no proxy, key log, trust, password or other host comes from them."""

import asyncio
import contextlib
import ssl
import subprocess
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import trustme

from lumedesk.api import probe, tls
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.tls import system_trust
from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.errors import Redirected, TlsFailed
from tests.support.proxies import PROXY_VARIABLES, name_only
from tests.support.raw_server import RawServer, http
from tests.support.tls import serving
from tests.support.wire import CREDENTIALS, SECRET, a_client

OK = http(200, b"[]")


async def a_gullible_get(url: str, context: ssl.SSLContext) -> None:
    """Do what a program does that obeys the environment: the trap is worth something when this one falls into it."""
    async with httpx.AsyncClient(verify=context) as client:
        with contextlib.suppress(httpx.HTTPError):
            await client.get(url)


@pytest.mark.parametrize("variable", PROXY_VARIABLES)
@pytest.mark.parametrize("is_encrypted", [False, True], ids=["http", "https"])
def test_a_proxy_variable_is_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, extra_ca: Path, variable: str, is_encrypted: bool
) -> None:
    async def scenario() -> None:
        context = serving(authority.issue_cert("localhost")) if is_encrypted else None
        async with RawServer([OK], ssl_context=context) as server, RawServer([http(502)]) as proxy:
            name_only(monkeypatch, variable, proxy.url)
            async with a_client(server.url, extra_ca=extra_ca) as client:
                await client.list_accounts()
            assert (len(server.requests), proxy.connections) == (1, 0)
            report = await probe.test_connection(Endpoint(server.url, extra_ca=extra_ca), CREDENTIALS, SystemClock())
            assert report.is_good
            assert (len(server.requests), proxy.connections) == (2, 0)
            await a_gullible_get(server.url, system_trust(extra_ca))
            fell = variable == "ALL_PROXY" or variable.startswith("HTTPS") == is_encrypted
            assert proxy.connections == fell

    asyncio.run(scenario())


def test_a_proxy_variable_is_not_obeyed_when_a_certificate_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    async def scenario() -> None:
        async with (
            RawServer([OK], ssl_context=serving(authority.issue_cert("localhost"))) as server,
            RawServer([http(502)]) as proxy,
        ):
            name_only(monkeypatch, "HTTPS_PROXY", proxy.url)
            report = await probe.test_connection(Endpoint(server.url), CREDENTIALS, SystemClock())
            assert "issued by" in report.steps[1].words
            assert (len(server.requests), proxy.connections) == (0, 0)

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirecting_server_brings_nothing_to_the_other_host(status: int) -> None:
    async def scenario() -> None:
        async with RawServer([OK]) as other:
            elsewhere = f"http://127.0.0.1:{other.port}/api/v1/accounts"
            async with (
                RawServer([http(status, headers={"Location": elsewhere})]) as server,
                a_client(server.url) as client,
            ):
                for ask in (client.list_accounts(), client.create_withdrawal("ben_1", Decimal(1))):
                    with pytest.raises(Redirected):
                        await ask
                assert len(server.requests) == 2
            assert other.connections == 0

    asyncio.run(scenario())


def test_a_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))

    async def scenario() -> None:
        async with RawServer([OK]) as server, a_client(server.url) as client:
            await client.list_accounts()
            assert "authorization" not in server.requests[0].headers

    asyncio.run(scenario())


@pytest.mark.parametrize("service", ["OpenSSL", "truststore"])
def test_no_key_log_is_written(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, extra_ca: Path, tmp_path: Path, service: str
) -> None:
    keylog = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keylog))
    if service == "truststore":
        # Makes the desk choose truststore, as on Windows and macOS; below it works with this system's own verifier.
        monkeypatch.setattr(tls, "sys", SimpleNamespace(platform="darwin"))

    async def scenario() -> None:
        async with RawServer([OK], ssl_context=serving(authority.issue_cert("localhost"))) as server:
            async with a_client(server.url, extra_ca=extra_ca) as client:
                await client.list_accounts()
            assert server.requests[0].headers["x-api-secret"] == SECRET
            refused = await probe.test_connection(Endpoint(server.url), CREDENTIALS, SystemClock())
            assert "issued by" in refused.steps[1].words
            assert not keylog.exists()
            await a_gullible_get(server.url, ssl.create_default_context(cafile=str(extra_ca)))
            assert keylog.exists()

    asyncio.run(scenario())


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_no_authority_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    authority = trustme.CA()
    planted = tmp_path / "planted.pem"
    authority.cert_pem.write_to_path(str(planted))
    (tmp_path / _subject_hash(planted)).write_bytes(planted.read_bytes())
    monkeypatch.setenv(variable, str(planted if variable == "SSL_CERT_FILE" else tmp_path))
    _assert_planted(authority)

    async def scenario() -> None:
        async with (
            RawServer([OK], ssl_context=serving(authority.issue_cert("localhost"))) as server,
            a_client(server.url) as client,
        ):
            with pytest.raises(TlsFailed):
                await client.list_accounts()
            report = await probe.test_connection(Endpoint(server.url), CREDENTIALS, SystemClock())
            assert isinstance(report.error, TlsFailed)
            assert not server.requests

    asyncio.run(scenario())


def _subject_hash(certificate: Path) -> str:
    told = subprocess.run(
        ["openssl", "x509", "-subject_hash", "-noout", "-in", str(certificate)], capture_output=True, text=True
    )
    if told.returncode:
        pytest.skip("needs the openssl command")
    return told.stdout.strip() + ".0"


def _assert_planted(authority: trustme.CA) -> None:
    """The trap works: a context that asks OpenSSL for its default paths does trust the planted authority."""
    gullible = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    gullible.set_default_verify_paths()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = gullible.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(2):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ours.version() is not None
