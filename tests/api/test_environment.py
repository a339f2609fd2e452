"""The environment has no say: no proxy, no key log, no other trust, no .netrc comes from it."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from lumedesk.domain.errors import TlsFailed
from tests.support.raw_server import RawServer, http
from tests.support.wire import SECRET, a_client

OK = http(200, b"[]")


def test_proxy_variables_are_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with RawServer([OK]) as server, RawServer([OK]) as proxy:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
                monkeypatch.setenv(name.lower(), proxy.url)
            async with a_client(server.url) as client:
                await client.list_accounts()
            assert (len(server.requests), proxy.connections) == (1, 0)

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


def test_no_key_log_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keylog = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keylog))
    authority = trustme.CA()
    extra_ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(extra_ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def scenario() -> None:
        async with RawServer([OK], ssl_context=context) as server, a_client(server.url, extra_ca=extra_ca) as client:
            await client.list_accounts()
            assert server.requests[0].headers["x-api-secret"] == SECRET

    asyncio.run(scenario())
    assert not keylog.exists()


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def scenario() -> None:
        async with RawServer([OK], ssl_context=context) as server, a_client(server.url) as client:
            with pytest.raises(TlsFailed):
                await client.list_accounts()
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
