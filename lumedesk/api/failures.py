"""From what went wrong to the one family of errors the desk shows: network faults, statuses, error envelopes.

Whatever text comes from outside is cleaned of every secret this process holds before it is cut to length.
"""

import base64
import html
import re
import socket
import ssl
import string
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

import httpx

from lumedesk.api.tls import causes, why_insecure
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.credentials import Secret, living_secrets
from lumedesk.domain.errors import (
    Conflict,
    DeskError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Redirected,
    ServerFault,
    TimedOut,
    TlsFailed,
    Unauthorised,
    Unreachable,
    Unreadable,
    Wire,
)

_BY_STATUS: dict[int, type[DeskError]] = {
    400: Invalid,
    401: Unauthorised,
    403: Forbidden,
    404: NotFound,
    408: TimedOut,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}
_ANYTHING: Codec[Any] = Codec(Any)
_MAX_TEXT = 1_000
_MAX_ID = 200
_MAX_FIELDS = 50
# Cleaning costs time, and a refusal may hold megabytes: what stands behind this is dropped unread.
_MAX_CLEANED = 64_000
# Of the secrets that are not this connection's, the shorter ones would match by accident.
_MIN_OTHER_SECRET = 8
_MIN_BASE64 = 8
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_URL_SAFE = str.maketrans("+/", "-_")
_ESCAPE = re.compile(r"""\\+(?:u00|x)([0-9a-f]{2})|\\+(["'/\\])""", re.IGNORECASE)


def network_failure(error: BaseException, wire: Wire, secret: Secret | None = None) -> DeskError:
    """Name what kept a complete answer from coming. `wire` says how far the request got."""
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(_timeout_words(error), wire=wire)
    insecure = why_insecure(error)
    if insecure is not None:
        return TlsFailed(cleaned(insecure, secret), wire=wire)
    # A library's text may quote what it was given, header values too.
    told = cleaned(str(error), secret)
    if isinstance(error, httpx.ProxyError):
        return Unreachable(f"The proxy refused the connection: {told}", wire=wire)
    if isinstance(error, httpx.RemoteProtocolError):
        # httpcore tells a lost connection and an answer that isn't HTTP apart by their texts only.
        if "disconnected" in str(error) or "peer closed" in str(error):
            return Unreachable("The connection closed before the answer was complete.", wire=wire)
        return Unreadable(f"What came isn't HTTP: {told}", wire=wire)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Invalid(told, wire=wire)
    return Unreachable(_network_words(error, secret), wire=wire)


def _timeout_words(error: httpx.TimeoutException) -> str:
    match error:
        case httpx.ConnectTimeout():
            return "No connection came about in time."
        case httpx.PoolTimeout():
            return "All connections were busy."
        case _:
            return "The connection went silent."


def _network_words(error: BaseException, secret: Secret | None) -> str:
    for each in causes(error):
        match each:
            case socket.gaierror():
                return "The server's name can't be found (DNS)."
            case ConnectionRefusedError():
                return "The connection was refused."
            case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
                return "The connection was reset."
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
                return "The connection was closed while it was being made secure."
    return cleaned(f"{type(error).__name__}: {error}", secret).rstrip(": ")


def status_failure(response: httpx.Response, body: bytes, wire: Wire, secret: Secret) -> DeskError:
    """Turn an answer that is not 2xx into its error. `body` may be anything; the envelope is read when it is one."""
    status = response.status_code
    if 300 <= status < 400:
        kind: type[DeskError] = Redirected
    elif status >= 500:
        kind = ServerFault
    else:
        kind = _BY_STATUS.get(status, Invalid if 400 <= status < 500 else Unreadable)
    told = _told(body)
    request_id = told.get("requestId") if isinstance(told.get("requestId"), str) else None
    return kind(
        _detail(response, body, told, secret),
        wire=wire,
        http_status=status,
        code=_code(told),
        request_id=cleaned(request_id or _sent_request_id(response), secret, _MAX_ID) or None,
        fields=_fields(told, secret),
        retry_after_s=retry_after_s(response),
        documented=_is_documented(told, status),
    )


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = _ANYTHING.decode(body)
    except UnreadableJson:
        return {}
    return told if isinstance(told, dict) else {}


def _is_documented(told: dict[str, Any], status: int) -> bool:
    """Strict on purpose: a gateway's `{"message": …}` must not pass for the vendor's word that nothing happened."""
    return (
        _code(told) is not None
        and isinstance(told.get("message"), str)
        and told.get("httpStatus") == status
        and not isinstance(told.get("httpStatus"), bool)
        and isinstance(told.get("errors"), list | None)
    )


def _code(told: dict[str, Any]) -> int | None:
    code = told.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _fields(told: dict[str, Any], secret: Secret) -> tuple[FieldError, ...]:
    errors = told.get("errors")
    if not isinstance(errors, list):
        return ()
    pairs = [(each.get("field"), each.get("message")) for each in errors[:_MAX_FIELDS] if isinstance(each, dict)]
    return tuple(
        FieldError(cleaned(str(name or ""), secret, _MAX_ID), cleaned(str(text or ""), secret))
        for name, text in pairs
        if name or text
    )


def _detail(response: httpx.Response, body: bytes, told: dict[str, Any], secret: Secret) -> str:
    if response.has_redirect_location:
        return f"HTTP {response.status_code}, to {cleaned(response.headers['location'], secret, _MAX_ID)}"
    for name in ("message", "detail", "error", "title"):
        if isinstance(told.get(name), str) and told[name]:
            return cleaned(told[name], secret)
    # A body is shown on one line. The secret is looked for before that: it may hold blanks of its own.
    clean = cleaned(body.decode("utf-8", errors="replace"), secret, _MAX_CLEANED)
    text = " ".join(clean.split())[:_MAX_TEXT]
    return f"HTTP {response.status_code}" + (f": {text}" if text else " without a body")


def cleaned(text: str, secret: Secret | None = None, max_length: int = _MAX_TEXT) -> str:
    """Take every secret out of `text`, then cut it: a server, or whoever answered in its place, may echo what we sent.

    Found in plain form, url-encoded, escaped as in JSON or HTML, in base64, and in other letter case. Where an encoded
    one is found, the text comes back with its escapes undone. `secret` counts however short it is.
    """
    values = {each.reveal() for each in living_secrets()}
    values = {value for value in values if len(value) >= _MIN_OTHER_SECRET}
    if secret is not None and secret.reveal():
        values.add(secret.reveal())
    forms = {form for value in values for form in _forms(value)}
    window = clean = _without(forms, text[:_MAX_CLEANED])
    for _ in range(3):  # escaped once by the server, once more by a gateway
        opened = _unescaped(window)
        if opened == window:
            break
        window = opened
        found = _without(forms | {_unescaped(form) for form in forms}, window)
        if found != window:
            clean = window = found
    if len(text) > _MAX_CLEANED:
        # The window may end in the midst of a secret, one character of which may be written with up to eight.
        clean = clean[: -8 * max(map(len, forms), default=1)]
    return clean[:max_length]


def _forms(value: str) -> set[str]:
    """How `value` may stand in a text whose escapes are undone."""
    forms, raw = {value, value.replace(" ", "+")}, value.encode(errors="replace")
    # In base64 the same bytes look different at each of three offsets; what depends on the neighbours is left out.
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw).decode()
        core = text[(0, 2, 3)[offset] : len(text) if (offset + len(raw)) % 3 == 0 else text.index("=") - 1]
        if len(core) >= _MIN_BASE64:
            forms |= {core, core.translate(_URL_SAFE)}
    return forms


def _without(forms: set[str], text: str) -> str:
    alike = text.translate(_LOWER)
    for form in sorted(forms, key=len, reverse=True):
        sought, kept, start = form.translate(_LOWER), [], 0
        while (found := alike.find(sought, start)) >= 0:
            kept.append(text[start:found])
            start = found + len(sought)
        if kept:
            text = "…".join([*kept, text[start:]])
            alike = text.translate(_LOWER)
    return text


def _unescaped(text: str) -> str:
    def char(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else match[2]

    return unquote(html.unescape(_ESCAPE.sub(char, text)))


def _sent_request_id(response: httpx.Response) -> str:
    return str(response.headers.get("x-request-id", ""))


def request_id_of(response: httpx.Response) -> str | None:
    """Return the X-Request-Id header, for the vendor's support desk."""
    return cleaned(_sent_request_id(response), max_length=_MAX_ID) or None


def server_date_of(response: httpx.Response) -> datetime | None:
    """Return the Date header in UTC, None when there is none or it can't be read."""
    return _http_date(response.headers.get("date", ""))


def retry_after_s(response: httpx.Response) -> float | None:
    """Return Retry-After in seconds from now, as told and uncapped; a date is measured on the server's own clock."""
    told = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return float(told)
    moment = _http_date(told)
    if moment is None:
        return None
    return max(0.0, (moment - (server_date_of(response) or datetime.now(UTC))).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:60])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
