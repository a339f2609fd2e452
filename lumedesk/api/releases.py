"""Fetches the signed notice of releases, and checks its signature. What it says is read in lumedesk/domain/releases.py."""

import asyncio
import ssl
from collections.abc import Mapping

import httpx

from lumedesk.api.body import BodyRefused, coding_of, read_body
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.failures import cleaned, network_failure
from lumedesk.api.tls import system_trust, trusting_nobody
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.releases import MAX_BYTES, UpdateRefused, Why, read_envelope
from lumedesk.domain.text import shown

_OK = 200


class NotFetched(DeskError):
    """No complete answer came; the detail says what was in the way."""

    title = "The notice of releases can't be fetched"
    advice = "Check again later."


async def fetch_notice(endpoint: Endpoint, *, deadline_s: float = 20.0) -> bytes:
    """Ask for the notice at `endpoint`, once, on a connection of its own, within `deadline_s` seconds.

    Nothing is sent but the request: no key, no version, no cookie, nothing about this computer. Nothing is followed.
    Errors: NotFetched, UpdateRefused.
    """
    try:
        connections = _connections(endpoint)
    except (OSError, ssl.SSLError) as error:
        raise NotFetched(f"The extra CA file can't be read: {error}", wire=Wire.NOT_SENT) from error
    # Not by httpx's client, which adds its own name and version to every request.
    timeouts = httpx.Timeout(deadline_s, connect=deadline_s * 0.4).as_dict()
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    request = httpx.Request("GET", endpoint.base_url, headers=headers, extensions={"timeout": timeouts})
    try:
        # One deadline over everything: httpx's own timeouts restart with each byte that drips in.
        async with asyncio.timeout(deadline_s):
            return await _body(await connections.handle_async_request(request))
    except DeskError:
        raise
    except TimeoutError as error:
        raise NotFetched(f"No complete answer within {deadline_s:g} seconds.", wire=Wire.MAYBE_SENT) from error
    except Exception as error:
        told = network_failure(error, Wire.MAYBE_SENT)
        raise NotFetched(told.detail, wire=Wire.MAYBE_SENT) from error
    finally:
        await connections.aclose()


def opened(body: bytes, keys: Mapping[str, bytes]) -> bytes:
    """Check what was fetched against the `keys`. Shape: exactly the bytes that were signed. Errors: UpdateRefused."""
    # Only here: it takes 20 ms to import.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    envelope = read_envelope(body)
    key = keys.get(envelope.key_id)
    if key is None:
        raise UpdateRefused(Why.KEY, f"Its name is {envelope.key_id}.")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(envelope.signature, envelope.signed)
    except InvalidSignature as error:
        raise UpdateRefused(Why.SIGNATURE) from error
    return envelope.signed


def _connections(endpoint: Endpoint) -> httpx.AsyncHTTPTransport:
    context = system_trust(endpoint.extra_ca) if endpoint.is_encrypted else trusting_nobody()
    proxy = None
    if endpoint.is_encrypted and endpoint.proxy:
        proxy_context = context if endpoint.proxy.startswith("https:") else None
        proxy = httpx.Proxy(endpoint.proxy, ssl_context=proxy_context)
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, http1=True, http2=False, proxy=proxy, retries=0)


async def _body(response: httpx.Response) -> bytes:
    try:
        if response.has_redirect_location or response.is_redirect:
            raise UpdateRefused(Why.REDIRECT, _where(response))
        if response.status_code != _OK:
            raise UpdateRefused(Why.STATUS, f"It answered HTTP {response.status_code}.")
        try:
            if coding_of(response):
                raise UpdateRefused(Why.CONTENT, "It is compressed, which was not asked for.")
            return await read_body(response, MAX_BYTES)
        except BodyRefused as error:
            is_large = "larger" in str(error)
            raise UpdateRefused(Why.SIZE if is_large else Why.CONTENT, "" if is_large else str(error)) from error
    finally:
        await response.aclose()


def _where(response: httpx.Response) -> str:
    to = shown(cleaned(response.headers.get("location", ""), max_length=200))
    return f"HTTP {response.status_code}" + (f", to {to}" if to else "")
