"""Reading an answer's body within bounds: its size, its compression, the time it holds the loop. No meaning here."""

import asyncio
import io
import zlib

import httpx

SMALL_CAP = 4 * 1024 * 1024
LIST_CAP = 512 * 1024 * 1024
# A history compresses 10 to 30 times; only a bomb gets past this once it is large.
RATIO_FROM = 64 * 1024 * 1024
MAX_RATIO = 200
_PIECE = 1024 * 1024
GZIP_WINDOW = 31


class BodyRefused(Exception):
    """The body is too large, or compressed in a way that was not asked for or is broken."""


async def read_body(response: httpx.Response, cap: int) -> bytes:
    """Read the whole body, decompressed, of at most `cap` bytes. Errors: BodyRefused, and httpx's own."""
    coding = coding_of(response)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > cap:
        raise BodyRefused(f"the body is larger than {mebibytes(cap)}")
    # BytesIO hands out its buffer without a copy; joining pieces would hold a large list twice.
    kept = io.BytesIO()
    if coding == "gzip":
        await _gunzip(response, kept, cap)
    else:
        async for piece in response.aiter_raw():
            if kept.tell() + len(piece) > cap:
                raise BodyRefused(f"the body is larger than {mebibytes(cap)}")
            kept.write(piece)
    return kept.getvalue()


async def _gunzip(response: httpx.Response, kept: io.BytesIO, cap: int) -> None:
    # httpx's own decoder makes pieces of any size (64 MB from one read); this one never more than _PIECE.
    inflater = zlib.decompressobj(GZIP_WINDOW)
    transferred = 0
    async for piece in response.aiter_raw():
        transferred += len(piece)
        waiting = piece
        while waiting:
            if inflater.eof:
                raise BodyRefused("there is something behind the end of the gzip stream")
            part, waiting = inflate(inflater, waiting, _PIECE)
            kept.write(part)
            size = kept.tell()
            if size > cap:
                raise BodyRefused(f"the body is larger than {mebibytes(cap)} once decompressed")
            if size > RATIO_FROM and size > transferred * MAX_RATIO:
                raise BodyRefused("the body decompresses to an absurd size")
            if waiting:
                await asyncio.sleep(0)  # let the other exchanges breathe between two pieces
        if inflater.unused_data:
            raise BodyRefused("there is something behind the end of the gzip stream")
    if transferred and not inflater.eof:
        raise BodyRefused("the gzip stream ends too early")


def coding_of(response: httpx.Response) -> str:
    """How the body is compressed: "gzip", or "" for not at all. Errors: BodyRefused for what was not asked for."""
    coding: str = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise BodyRefused(f"the body is encoded as {coding[:40]!r}, which was not asked for")
    return "gzip" if "gzip" in coding else ""


def inflate(inflater: "zlib._Decompress", waiting: bytes | memoryview, most: int) -> tuple[bytes, bytes]:
    """At most `most` bytes of what is compressed in `waiting`, and what of it is left. Errors: BodyRefused."""
    try:
        part = inflater.decompress(waiting, most)
    except zlib.error as error:
        raise BodyRefused("the gzip stream is broken") from error
    return part, inflater.unconsumed_tail


def mebibytes(size: int) -> str:
    """A size in words."""
    return f"{size // (1024 * 1024)} MiB"
