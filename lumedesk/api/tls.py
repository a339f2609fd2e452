"""Whom the desk trusts: the TLS contexts, and plain words for why a handshake failed. No sockets here."""

import ssl
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import truststore
from cryptography import x509
from cryptography.x509.oid import NameOID

from lumedesk.domain.text import shown

# Where Linux distributions keep their bundle, for a program whose OpenSSL was built elsewhere (a frozen one).
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

# An end or a wait in the midst of a handshake says nothing about trust: it may be any network fault.
_NO_VERDICT = (
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
    ssl.SSLSyscallError,
    ssl.SSLWantReadError,
    ssl.SSLWantWriteError,
)
_MAX_NAME = 80
_MAX_NAMES = 4


class Distrust(Enum):
    """Why a certificate was not accepted, in words; what `in_words` adds comes from the certificate itself."""

    EARLY = "The server's certificate is not valid yet. Check this computer's clock."
    EXPIRED = "The server's certificate has expired."
    SELF_SIGNED = "The server's certificate is signed by itself; no authority this computer trusts stands behind it."
    OWN_ROOT = "The server's certificate comes from an authority this computer doesn't trust (its root is self-signed)."
    UNKNOWN_AUTHORITY = "The server's certificate comes from an authority this computer doesn't trust."
    REVOKED = "The server's certificate has been revoked."
    OTHER_NAME = "The server's certificate is for another host name."
    OTHER_ADDRESS = "The server's certificate is for another IP address."


# OpenSSL's codes, then those that truststore passes on from Windows and from macOS (Security framework). The latter
# two come from the systems' headers; no test here can make them.
_VERIFY = {
    9: Distrust.EARLY,
    10: Distrust.EXPIRED,
    18: Distrust.SELF_SIGNED,
    19: Distrust.OWN_ROOT,
    20: Distrust.UNKNOWN_AUTHORITY,
    21: Distrust.UNKNOWN_AUTHORITY,
    23: Distrust.REVOKED,
    62: Distrust.OTHER_NAME,
    64: Distrust.OTHER_ADDRESS,
    0x800B0101: Distrust.EXPIRED,
    0x800B0109: Distrust.UNKNOWN_AUTHORITY,
    0x800B010A: Distrust.UNKNOWN_AUTHORITY,
    0x800B010C: Distrust.REVOKED,
    0x800B010F: Distrust.OTHER_NAME,
    -67602: Distrust.OTHER_NAME,
    -67818: Distrust.EXPIRED,
    -67819: Distrust.EARLY,
    -67820: Distrust.REVOKED,
    -67843: Distrust.UNKNOWN_AUTHORITY,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself: hostile text, made safe to look at and short. Times in UTC.

    `issuer` and `subject` are empty where none is named; `names` are the hosts and addresses that it is for.
    """

    issuer: str
    subject: str
    is_self_issued: bool
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def trusting_nobody() -> ssl.SSLContext:
    """Make the context for plain http: never used, and if it were, no certificate would pass. Costs no file access."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def for_looking_only() -> ssl.SSLContext:
    """Make a context that accepts any certificate: to read it and hang up. No request may ever travel on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


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
            distrust = _VERIFY.get(getattr(each, "verify_code", 0))
            if distrust is not None:
                return distrust.value
            return f"The server's certificate was not accepted: {getattr(each, 'verify_message', '') or each}."
        if isinstance(each, _NO_VERDICT):
            continue
        if isinstance(each, ssl.SSLError):
            return _protocol_words(each)
    return None


def fell_in_handshake(error: BaseException) -> bool:
    """Whether the connection stood and ended, or went silent, while TLS was being agreed on."""
    return any(isinstance(each, ssl.SSLError) for each in causes(error))


def distrust_of(error: BaseException) -> Distrust | None:
    """Which rule the certificate broke; None when `error` is not about a certificate, or about another rule."""
    for each in causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _VERIFY.get(getattr(each, "verify_code", 0))
    return None


def read_certificate(der: bytes) -> Certificate | None:
    """Read what matters to people from a certificate in DER form; None when it can't be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about names that break the standard's rules, which is to be expected here
        try:
            read = x509.load_der_x509_certificate(der)
            return Certificate(
                issuer=_name(read.issuer),
                subject=_name(read.subject),
                is_self_issued=read.issuer == read.subject,
                names=_names(read),
                not_before=read.not_valid_before_utc,
                not_after=read.not_valid_after_utc,
            )
        except (ValueError, TypeError, x509.InvalidVersion):
            return None


def in_words(distrust: Distrust, certificate: Certificate, now: datetime) -> str:
    """Say why the certificate was not accepted, with the names and dates that it holds. `now` is this computer's time."""
    match distrust:
        case Distrust.EXPIRED | Distrust.EARLY if now < certificate.not_before:
            detail = f"It is valid from {_moment(certificate.not_before)}; here it is {_moment(now)}."
            return f"{Distrust.EARLY.value} {detail}"
        case Distrust.EXPIRED if now > certificate.not_after:
            detail = f"It expired on {_moment(certificate.not_after)}; this computer's clock says {_moment(now)}."
        case Distrust.SELF_SIGNED | Distrust.OWN_ROOT | Distrust.UNKNOWN_AUTHORITY if certificate.issuer:
            to_itself = " to itself" if certificate.is_self_issued else ""
            detail = f'It was issued by "{certificate.issuer}"{to_itself}.'
        case Distrust.OTHER_NAME | Distrust.OTHER_ADDRESS if certificate.names or certificate.subject:
            names = certificate.names or (certificate.subject,)
            more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
            detail = f"It is for {', '.join(names[:_MAX_NAMES])}{more}."
        case _:
            return distrust.value
    return f"{distrust.value} {detail}"


def _name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            if isinstance(attribute.value, str) and attribute.value.strip():
                return _tame(attribute.value.strip())
    return ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()
    return tuple(_tame(str(each.value)) for each in held if isinstance(each, x509.DNSName | x509.IPAddress))


def _tame(text: str) -> str:
    return shown(text, _MAX_NAME).replace('"', "'")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


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
