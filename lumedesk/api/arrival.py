"""A long list while it comes in: bounded, checked for being the same as before, handed on piece by piece."""

import asyncio
import hashlib
import math
import time
import zlib
from collections.abc import AsyncIterator, Callable

import httpx

from lumedesk.api.body import GZIP_WINDOW, MAX_RATIO, RATIO_FROM, BodyRefused, coding_of, inflate, mebibytes
from lumedesk.api.connection import Connection
from lumedesk.api.failures import request_id_of
from lumedesk.api.recognising import Recogniser
from lumedesk.domain.errors import DeskError, TimedOut, Unreadable, Wire

# No list is held in memory whole, so this only keeps a server from filling the disk.
ARRIVAL_CAP = 4 * 1024 * 1024 * 1024
_COMPRESSED_CAP = 512 * 1024 * 1024
_PIECE = 64 * 1024
# From this length on a body is read from the connection itself: the HTTP library copies what comes three times over. What
# it never saw the end of it doesn't use again, so the next request has to connect anew.
_LONG = 1024 * 1024


class Arrival:
    """One answer that holds a list. Read once, by `pieces`; `digest` and `is_same` are known when these have ended."""

    def __init__(
        self,
        response: httpx.Response,
        known: bytes | None,
        patience_s: float,
        failure: Callable[[Exception], DeskError],
    ) -> None:
        """`patience_s` is for waiting for the server in all; `failure` says what a broken connection means."""
        self._response = response
        # The digest of the list before.
        self.known = known
        self._patience_s = patience_s
        self._left_s = patience_s
        # How long a server may be silent between two pieces.
        self._silence_s = math.inf
        self._failure = failure
        # SHA-256, which processors have instructions for: twice as quick as others here.
        self._digest = hashlib.sha256(usedforsecurity=False)
        self._is_compressed = False
        self.is_same = False

    @property
    def request_id(self) -> str | None:
        """What the server calls this exchange."""
        return request_id_of(self._response)

    @property
    def digest(self) -> bytes:
        """16 bytes that are equal for compressed bodies that came over the wire alike; none for others."""
        if self.is_same and self.known is not None:
            return self.known
        return self._digest.digest()[:16] if self._is_compressed else b""

    async def pieces(self, recogniser: Recogniser | None = None) -> AsyncIterator[bytes | memoryview]:
        """The list's bytes, decompressed, as they come; none when it is known to be the same. Errors: DeskError.

        Each piece is there only until the next one is asked for, or the response is closed. `recogniser`: one that has seen
        the same list before takes less time for it.
        """
        try:
            coding = coding_of(self._response)
            self._is_compressed = coding == "gzip"
            if not self._is_compressed:
                received = 0
                async for piece in self._received():
                    received += len(piece)
                    if received > ARRIVAL_CAP:
                        raise BodyRefused(f"the body is larger than {mebibytes(ARRIVAL_CAP)}")
                    yield piece
            elif self.known is None:
                async for piece in self._inflated(self._received()):
                    yield piece
            else:
                # Ten times smaller than what is in it, so it can wait until it is known to be another one.
                compressed = [bytes(piece) async for piece in self._within(_COMPRESSED_CAP)]
                self.is_same = (recogniser or Recogniser()).is_same(self.known, *compressed)
                if not self.is_same:
                    async for piece in self._inflated(_each(compressed)):
                        yield piece
        except BodyRefused as error:
            raise Unreadable(
                f"HTTP {self._response.status_code}, but {error}.", wire=Wire.ANSWERED, request_id=self.request_id
            ) from error

    async def _received(self) -> AsyncIterator[bytes | memoryview]:
        stream = self._raw()
        while True:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(max(min(self._left_s, self._silence_s), 0)):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if self._silence_s < self._left_s:
                    silence = httpx.ReadTimeout("silence in the midst of the body")
                    raise self._failure(silence) from silence
                raise TimedOut(
                    f"No complete answer within {self._patience_s:g} seconds.", wire=Wire.MAYBE_SENT
                ) from error
            except Exception as error:
                raise self._failure(error) from error
            # Only waiting for the server counts: taking a list in may last, and is nobody's fault.
            self._left_s -= time.perf_counter() - began
            yield piece

    async def _raw(self) -> AsyncIterator[bytes | memoryview]:
        connection, left = self._behind()
        # It closes the connection once nobody has it any more.
        through = self._response.aiter_raw()
        async for piece in through:
            yield piece
            left -= len(piece)
            if connection is not None:
                # That was what the library had read together with the head.
                break
        if connection is not None:
            # Before, the library itself looks to that.
            self._silence_s = self._response.request.extensions["timeout"]["read"]
        while connection is not None and left > 0:
            some = await connection.some(left)
            if not some:
                raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
            yield some
            left -= len(some)

    def _behind(self) -> tuple[Connection | None, int]:
        """The connection below and the body's length, where it may be read there: the length alone tells the body's end."""
        headers = self._response.headers
        length, connection = headers.get("content-length", ""), self._response.extensions.get("network_stream")
        is_plain = self._response.status_code == httpx.codes.OK and "transfer-encoding" not in headers
        if not (is_plain and isinstance(connection, Connection) and length.isdecimal()):
            return None, 0
        size = int(length[:20])
        return (connection, size) if size >= _LONG else (None, 0)

    async def _within(self, cap: int) -> AsyncIterator[bytes | memoryview]:
        size = 0
        async for piece in self._received():
            size += len(piece)
            if size > cap:
                raise BodyRefused(f"the body is larger than {mebibytes(cap)}")
            yield piece

    async def _inflated(self, compressed: AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes]:
        inflater = zlib.decompressobj(GZIP_WINDOW)
        transferred = size = 0
        async for piece in compressed:
            self._digest.update(piece)
            transferred += len(piece)
            waiting: bytes | memoryview = piece
            while waiting:
                if inflater.eof:
                    raise BodyRefused("there is something behind the end of the gzip stream")
                part, waiting = inflate(inflater, waiting, _PIECE)
                size += len(part)
                if size > ARRIVAL_CAP or (size > RATIO_FROM and size > transferred * MAX_RATIO):
                    raise BodyRefused("the body decompresses to an absurd size")
                if part:
                    yield part
        if inflater.unused_data:
            raise BodyRefused("there is something behind the end of the gzip stream")
        if transferred and not inflater.eof:
            raise BodyRefused("the gzip stream ends too early")


async def _each(pieces: list[bytes]) -> AsyncIterator[bytes | memoryview]:
    for piece in pieces:
        yield piece
