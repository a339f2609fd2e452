"""Reading an answer's body within bounds: its size, its compression, the time it holds the loop. No meaning here."""

import asyncio
import io
import zlib

import httpx

SMALL_CAP = 4 * 1024 * 1024
LIST_CAP = 512 * 1024 * 1024
# A history compresses 10 to 30 times; only a bomb gets past this once it is large.
_RATIO_FROM = 64 * 1024 * 1024
_MAX_RATIO = 200
_PIECE = 1024 * 1024
_GZIP_WINDOW = 31


class BodyRefused(Exception):
    """The body is too large, or compressed in a way that was not asked for or is broken."""


async def read_body(response: httpx.Response, cap: int) -> bytes:
    """Read the whole body, decompressed, of at most `cap` bytes. Errors: BodyRefused, and httpx's own."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise BodyRefused(f"the body is encoded as {coding[:40]!r}, which was not asked for")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > cap:
        raise BodyRefused(f"the body is larger than {_mebibytes(cap)}")
    # BytesIO hands out its buffer without a copy; joining pieces would hold a large list twice.
    kept = io.BytesIO()
    if "gzip" in coding:
        await _gunzip(response, kept, cap)
    else:
        async for piece in response.aiter_raw():
            if kept.tell() + len(piece) > cap:
                raise BodyRefused(f"the body is larger than {_mebibytes(cap)}")
            kept.write(piece)
    return kept.getvalue()


async def _gunzip(response: httpx.Response, kept: io.BytesIO, cap: int) -> None:
    # httpx's own decoder makes pieces of any size (64 MB from one read); this one never more than _PIECE.
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    transferred = 0
    async for piece in response.aiter_raw():
        transferred += len(piece)
        waiting = piece
        while waiting:
            if inflater.eof:
                raise BodyRefused("there is something behind the end of the gzip stream")
            waiting = _inflate(inflater, waiting, kept)
            size = kept.tell()
            if size > cap:
                raise BodyRefused(f"the body is larger than {_mebibytes(cap)} once decompressed")
            if size > _RATIO_FROM and size > transferred * _MAX_RATIO:
                raise BodyRefused("the body decompresses to an absurd size")
            if waiting:
                await asyncio.sleep(0)  # let the other exchanges breathe between two pieces
        if inflater.unused_data:
            raise BodyRefused("there is something behind the end of the gzip stream")
    if transferred and not inflater.eof:
        raise BodyRefused("the gzip stream ends too early")


def _inflate(inflater: "zlib._Decompress", waiting: bytes, kept: io.BytesIO) -> bytes:
    try:
        kept.write(inflater.decompress(waiting, _PIECE))
    except zlib.error as error:
        raise BodyRefused("the gzip stream is broken") from error
    return inflater.unconsumed_tail


def _mebibytes(size: int) -> str:
    return f"{size // (1024 * 1024)} MiB"
