"""Whom the desk trusts: the TLS context, and plain words for why a handshake failed. No sockets here."""

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import truststore

# Where Linux distributions keep their bundle, for a program whose OpenSSL was built elsewhere (a frozen one).
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_VERIFY = {
    9: "The server's certificate is not valid yet. Check this computer's clock.",
    10: "The server's certificate has expired.",
    18: "The server's certificate is signed by itself; no authority this computer trusts stands behind it.",
    19: "The server's certificate comes from an authority this computer doesn't trust (its root is self-signed).",
    20: "The server's certificate comes from an authority this computer doesn't trust.",
    21: "The server's certificate comes from an authority this computer doesn't trust.",
    23: "The server's certificate has been revoked.",
    62: "The server's certificate is for another host name.",
    64: "The server's certificate is for another IP address.",
}


def trusting_nobody() -> ssl.SSLContext:
    """Make the context for plain http: never used, and if it were, no certificate would pass. Costs no file access."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def system_trust(extra_ca: Path | None = None) -> ssl.SSLContext:
    """Make a context that trusts the system's authorities and `extra_ca`, TLS 1.2 or later, names checked.

    What holds: no key log is ever written, because only `ssl.create_default_context` reads SSLKEYLOGFILE and it is not
    used. SSL_CERT_FILE and SSL_CERT_DIR add nothing: Windows and macOS verify with the system's own service, through
    truststore; elsewhere truststore would ask OpenSSL for its default paths, which obey those two variables, so the
    paths compiled into OpenSSL are loaded by name instead. What doesn't: OPENSSL_CONF is read by OpenSSL itself as it
    is loaded, and whoever can set it can do worse than this file can prevent.

    Errors: OSError, ssl.SSLError when `extra_ca` is not a readable PEM file.
    """
    context: ssl.SSLContext
    if sys.platform in {"win32", "darwin"}:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load_compiled_in(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if extra_ca is not None:
        context.load_verify_locations(cafile=str(extra_ca))
    return context


def _load_compiled_in(context: ssl.SSLContext) -> None:
    paths = (
        ssl.get_default_verify_paths()
    )  # its openssl_* fields are the compiled-in ones, whatever the environment says
    bundle, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    has_folder = folder.is_dir() and any(folder.glob("*.0"))
    if bundle.is_file() or has_folder:
        context.load_verify_locations(
            cafile=str(bundle) if bundle.is_file() else None, capath=str(folder) if has_folder else None
        )
        return
    for candidate in _BUNDLES:
        if Path(candidate).is_file():
            context.load_verify_locations(cafile=candidate)
            return


def causes(error: BaseException) -> Iterator[BaseException]:
    """Everything `error` was raised from, itself first, groups opened."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
        waiting.extend(link for link in (each.__context__, each.__cause__) if link is not None)


def why_insecure(error: BaseException) -> str | None:
    """In plain words, which TLS rule `error` breaks; None when it is not about TLS (a mere close is not)."""
    for each in causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            words = _VERIFY.get(getattr(each, "verify_code", 0))
            return words or f"The server's certificate was not accepted: {getattr(each, 'verify_message', '') or each}."
        if isinstance(each, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
            continue
        if isinstance(each, ssl.SSLError):
            return _protocol_words(each)
    return None


def _protocol_words(error: ssl.SSLError) -> str:
    reason = (getattr(error, "reason", "") or "").upper()
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason or "NO_PROTOCOLS" in reason:
        return "The server offers only TLS versions that are no longer safe (older than 1.2)."
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"}:
        return "The server doesn't speak TLS on this port."
    if "HANDSHAKE_FAILURE" in reason or "NO_SHARED_CIPHER" in reason:
        return "The server and this computer have no safe cipher in common."
    if "CERTIFICATE_REQUIRED" in reason:
        return "The server asks for a client certificate, which the API doesn't use."
    return f"No secure connection could be agreed on ({reason.replace('_', ' ').lower() or error})."
