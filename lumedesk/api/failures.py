"""From what went wrong to the one family of errors the desk shows: network faults, statuses, error envelopes."""

import re
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from lumedesk.api.tls import causes, why_insecure
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.credentials import Secret
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


def network_failure(error: BaseException, wire: Wire) -> DeskError:
    """Name what kept a complete answer from coming. `wire` says how far the request got."""
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(_timeout_words(error), wire=wire)
    insecure = why_insecure(error)
    if insecure is not None:
        return TlsFailed(insecure, wire=wire)
    if isinstance(error, httpx.ProxyError):
        return Unreachable(f"The proxy refused the connection: {str(error)[:_MAX_TEXT]}", wire=wire)
    if isinstance(error, httpx.RemoteProtocolError):
        # httpcore tells a lost connection and an answer that isn't HTTP apart by their texts only.
        if "disconnected" in str(error) or "peer closed" in str(error):
            return Unreachable("The connection closed before the answer was complete.", wire=wire)
        return Unreadable(f"What came isn't HTTP: {str(error)[:_MAX_TEXT]}", wire=wire)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Invalid(str(error)[:_MAX_TEXT], wire=wire)
    return Unreachable(_network_words(error), wire=wire)


def _timeout_words(error: httpx.TimeoutException) -> str:
    match error:
        case httpx.ConnectTimeout():
            return "No connection came about in time."
        case httpx.PoolTimeout():
            return "All connections were busy."
        case _:
            return "The connection went silent."


def _network_words(error: BaseException) -> str:
    for each in causes(error):
        match each:
            case socket.gaierror():
                return "The server's name can't be found (DNS)."
            case ConnectionRefusedError():
                return "The connection was refused."
            case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
                return "The connection was reset."
    return f"{type(error).__name__}: {error}"[:_MAX_TEXT].rstrip(": ")


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
        _without(secret, _detail(response, body, told)),
        wire=wire,
        http_status=status,
        code=_code(told),
        request_id=_without(secret, request_id or request_id_of(response) or "")[:_MAX_ID] or None,
        fields=tuple(FieldError(_without(secret, name), _without(secret, text)) for name, text in _fields(told)),
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


def _fields(told: dict[str, Any]) -> list[tuple[str, str]]:
    errors = told.get("errors")
    if not isinstance(errors, list):
        return []
    pairs = [(each.get("field"), each.get("message")) for each in errors[:_MAX_FIELDS] if isinstance(each, dict)]
    return [(str(name or "")[:_MAX_ID], str(text or "")[:_MAX_TEXT]) for name, text in pairs if name or text]


def _detail(response: httpx.Response, body: bytes, told: dict[str, Any]) -> str:
    if response.has_redirect_location:
        return f"HTTP {response.status_code}, to {response.headers['location'][:_MAX_ID]}"
    for name in ("message", "detail", "error", "title"):
        if isinstance(told.get(name), str) and told[name]:
            return str(told[name])[:_MAX_TEXT]
    text = " ".join(body[: 4 * _MAX_TEXT].decode("utf-8", errors="replace").split())
    return f"HTTP {response.status_code}" + (f": {text[:_MAX_TEXT]}" if text else " without a body")


def _without(secret: Secret, text: str) -> str:
    """Take the secret out of what a server (or whoever answered in its place) sent back to us."""
    value = secret.reveal()
    return text.replace(value, "…") if value else text


def request_id_of(response: httpx.Response) -> str | None:
    """Return the X-Request-Id header, for the vendor's support desk."""
    return response.headers.get("x-request-id", "")[:_MAX_ID] or None


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
