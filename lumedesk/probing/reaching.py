"""Checks the way to a server: whom TLS trusts, against a server on loopback, and the sandbox with the desk's own client."""

import asyncio
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.tls import system_trust
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import TlsFailed
from lumedesk.probing.findings import Failed, Finding, note, ok
from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions, SandboxProcess

_HOST = "127.0.0.1"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
_TRADES = 50


def tls() -> Iterator[Finding]:
    """Make a server whose authority nobody knows: it must be refused, and accepted with its authority's file."""
    context = system_trust()
    # Where the system itself verifies, there is nothing to count.
    is_openssl = type(context) is ssl.SSLContext
    authorities = context.cert_store_stats()["x509_ca"] if is_openssl else 0
    with tempfile.TemporaryDirectory(prefix="lumedesk-probe-") as folder:
        refusal = asyncio.run(_try_trust(Path(folder)))
    yield ok(
        "TLS",
        f"{ssl.OPENSSL_VERSION}; a server of an unknown authority is refused ({refusal}), and accepted with its file",
    )
    if is_openssl and not authorities and not any(Path("/etc/ssl/certs").glob("*.0")):
        yield note(
            "TLS", "This computer trusts no authority: on Debian and Ubuntu, the package ca-certificates has them."
        )


def sandbox() -> Iterator[Finding]:
    """Start the sandbox, read accounts and trades from it, and end it."""
    with SandboxProcess(SandboxOptions(history=_TRADES, speed=0)) as process:
        accounts, trades = asyncio.run(_read_from(process.start()))
    if not accounts or trades != _TRADES:
        raise Failed(f"It told {accounts} accounts and {trades} trades.")
    yield ok("sandbox", f"started, told {accounts} accounts and {trades} trades, ended")


async def _read_from(address: SandboxAddress) -> tuple[int, int]:
    client = LumetradeClient(Transport(Endpoint(address.base_url), address.credentials))
    try:
        accounts, trades = await client.list_accounts(), await client.list_trades()
        return len(accounts.read()[0]), len(trades.read()[0])
    finally:
        await client.aclose()


async def _try_trust(folder: Path) -> str:
    """Shape: in which words the server was refused without its authority's file. Errors: Failed, DeskError."""
    ca_file, chain_file = _certificates(folder)
    async with _server(chain_file) as port:
        try:
            await _read_accounts(port, None)
        except TlsFailed as error:
            refusal = str(error)
        else:
            raise Failed("A server whose authority nobody knows was trusted.")
        await _read_accounts(port, ca_file)
    return refusal


async def _read_accounts(port: int, extra_ca: Path | None) -> None:
    endpoint = Endpoint(f"https://{_HOST}:{port}", extra_ca=extra_ca)
    client = LumetradeClient(Transport(endpoint, Credentials("probe", Secret("probe"))))
    try:
        await client.list_accounts()
    finally:
        await client.aclose()


@asynccontextmanager
async def _server(chain_file: Path) -> AsyncIterator[int]:
    """An HTTPS server that has no accounts, on a free port of loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain_file)
    server = await asyncio.start_server(answer, _HOST, 0, ssl=context)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _certificates(folder: Path) -> tuple[Path, Path]:
    """An authority of a day, and a server's certificate from it: the authority's file, and the server's with its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _named("LumeDesk probe authority"), _named("LumeDesk probe")
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = (
        _begun(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))])
    leaf = (
        _begun(name, ca_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(address, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file, chain_file = folder / "authority.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain_file.write_bytes(private + leaf.public_bytes(pem))
    return ca_file, chain_file


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
