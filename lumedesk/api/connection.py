"""The desk's own TCP and TLS connections below the HTTP library, made for long lists: few large reads, without copies.

The library's own reads bring 64 KB at a time, 16 KB over TLS, and each costs more than what is in it.
"""

import asyncio
import contextlib
import ipaddress
import itertools
import os
import socket
import ssl
import sys
from collections.abc import Iterable
from typing import Any

import httpcore

# Half of what one connection may hold. No more than a processor has near it: what was just read is looked at from there.
_SIZE = 1024 * 1024
_MOST_SPARE = 2
# Windows' event loop reads so much before it asks where to put it, and goes on with what it has read when told to pause.
_ROOM = 64 * 1024
_SECOND_ADDRESS_AFTER_S = 0.25
# In clear, that is from this computer itself, as from the sandbox, a long list comes in a thousand reads, which cost more than
# what is in them. So the system is to tell of no less than this, or of half of what it lets wait, unless it takes longer than a
# moment: each time it tells, the sender and the desk get in each other's way. What it has then is read at once, so many times
# before others have their turn. Over TLS it is the desk that is slower. Other systems have the option too; only Linux was seen
# to keep to it.
_LOW_WATER = 16 * 1024 * 1024 if sys.platform == "linux" else 1
_MOMENT_S = 0.02
_READS_IN_A_ROW = 16


class Connections(httpcore.AsyncNetworkBackend):
    """Makes the connections that an HTTP pool asks for. Errors: httpcore's."""

    def __init__(self) -> None:
        # Halves of connections that are closed: to make them takes a twentieth of the time in which a long list comes again.
        self._spare: list[memoryview] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore has it so
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "Connection":
        """Connect, in clear. No caller here binds an address or sets options."""
        if local_address is not None or socket_options:
            raise NotImplementedError("connections are made plainly")
        try:
            async with asyncio.timeout(timeout):
                return Connection(await _connected(host, port, self._spare))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    async def sleep(self, seconds: float) -> None:
        """As the name says."""
        await asyncio.sleep(seconds)


class Connection(httpcore.AsyncNetworkStream):
    """One connection, in clear or over TLS. Errors: httpcore's, but for `some`."""

    def __init__(self, inbox: "_Inbox") -> None:
        self._inbox = inbox
        self._low_water = _LOW_WATER

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - more is welcome
        """What came, at least a byte; none at the end."""
        try:
            async with asyncio.timeout(timeout):
                return bytes(await self._inbox.taken())
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def some(self, left: int) -> memoryview:
        """The same without a copy, of the `left` bytes that are to come; nothing of what follows them.

        It is there until the next call, or until this is closed. Errors: OSError.
        """
        self._inbox.set_low_water(min(left, self._low_water))
        if self._low_water > 1:
            self._inbox.read_on()
        return (await self._inbox.taken())[:left]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send all of it."""
        try:
            async with asyncio.timeout(timeout):
                await self._inbox.send(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close at once; nothing is said to the other side, and nobody looks at what came any more."""
        self._inbox.transport.abort()
        self._inbox.give_back()
        # The socket itself is closed in the loop's next round.
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> "Connection":
        """Go on encrypted; the connection is closed when that fails."""
        if self._inbox.waiting:
            # It would be taken for what came encrypted.
            await self.aclose()
            raise httpcore.ConnectError("something came before the handshake")
        try:
            self._inbox.transport = await _secured(self._inbox, ssl_context, server_hostname, timeout)
        except ssl.SSLWantReadError as error:
            await self.aclose()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            await self.aclose()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            await self.aclose()
            raise
        self._low_water = 1
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: of the TLS in use, and whether an idle connection was closed from the other side."""
        if info == "is_readable":
            return self._inbox.has_news
        name = {"client_addr": "sockname", "server_addr": "peername"}.get(info, info)
        return self._inbox.transport.get_extra_info(name)


class _Inbox(asyncio.BufferedProtocol):
    """Takes in what comes, in one of two halves while the other one is being looked at; and sends."""

    transport: asyncio.Transport

    def __init__(self, spare: list[memoryview]) -> None:
        """`spare`: halves that nobody uses, to be taken from and given back to."""
        self._spare = spare
        # Taken or made when something comes; mostly, one of them is enough.
        self._filling = self._looked_at = memoryview(b"")
        self._size = 0
        self._low_water = 1
        self._in_a_row = 0
        self._is_full = False
        self._is_over = False
        self._error: Exception | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._may_send = asyncio.Event()
        self._may_send.set()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} can't send")
        self.transport = transport
        # The same one below TLS.
        self._socket = transport.get_extra_info("socket")

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - all there is
        if not self._filling:
            self._filling = self._spare.pop() if self._spare else memoryview(bytearray(_SIZE))
        return self._filling[self._size :]

    def buffer_updated(self, nbytes: int) -> None:
        self._size += nbytes
        self._in_a_row = 0
        if _SIZE - self._size < _ROOM:
            self._is_full = True
            self.transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        self._is_over = True
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over = True
        self._error = error
        self._may_send.set()
        self._tell()

    def pause_writing(self) -> None:
        self._may_send.clear()

    def resume_writing(self) -> None:
        self._may_send.set()

    def _tell(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    # What a connection asks

    @property
    def has_news(self) -> bool:
        """Whether anything came that wasn't taken, or the other side has closed."""
        return bool(self._size) or self._is_over

    @property
    def waiting(self) -> int:
        """How many bytes came that weren't taken."""
        return self._size

    async def taken(self) -> memoryview:
        """What came, at least a byte; none at the end. It stays until this or `read_on` is called again. Errors: OSError."""
        if not self._size and self._looked_at:
            # Nothing is in it: the half that was just looked at is nearer to the processor.
            self._filling, self._looked_at = self._looked_at, self._filling
        while not self._size:
            if self._error is not None:
                raise self._error
            if self._is_over:
                break
            loop = asyncio.get_running_loop()
            self._arrival = loop.create_future()
            lowering = loop.call_later(_MOMENT_S, self.set_low_water, 1) if self._low_water > 1 else None
            try:
                await self._arrival
            finally:
                if lowering is not None:
                    lowering.cancel()
        came = self._filling[: self._size]
        self._filling, self._looked_at, self._size = self._looked_at, self._filling, 0
        if self._is_full:
            self._is_full = False
            self.transport.resume_reading()
        return came

    def read_on(self) -> None:
        """Read what the system has already, in clear; the next to be called is `taken`. Errors: OSError."""
        if self._size or self._is_over or self._in_a_row == _READS_IN_A_ROW or not self._looked_at:
            return
        self._in_a_row += 1
        with contextlib.suppress(BlockingIOError):
            self._size = os.readv(self._socket.fileno(), [self._looked_at])
            self._filling, self._looked_at = self._looked_at, self._filling

    def set_low_water(self, size: int) -> None:
        """Let the system tell of no less than so many bytes, or of the end; where it doesn't keep to that, nothing is lost."""
        if size != self._low_water:
            self._low_water = size
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def give_back(self) -> None:
        """Let other connections have the halves."""
        halves = [half for half in (self._filling, self._looked_at) if half]
        self._filling = self._looked_at = memoryview(b"")
        self._size = 0
        self._spare.extend(halves[: _MOST_SPARE - len(self._spare)])
        # What comes after all, as it may on Windows, is nobody's: it takes no room from others.
        self._spare = []

    async def send(self, data: bytes) -> None:
        """Errors: OSError."""
        if self._is_over:
            raise self._error or ConnectionResetError("the other side has closed")
        self.transport.write(data)
        await self._may_send.wait()
        if self._error is not None:
            raise self._error


async def _connected(host: str, port: int, spare: list[memoryview]) -> _Inbox:
    """The first that answers of the host's addresses, each being tried a moment after the one before. Errors: OSError.

    asyncio's own way of that leaves a socket open when it is cancelled just as that has connected.
    """
    left, faults = await _addresses(host, port), list[OSError]()
    tried: set[asyncio.Task[_Inbox]] = set()
    try:
        while left or tried:
            if left:
                tried.add(asyncio.create_task(_connected_to(left.pop(0), port, spare)))
            wait_s = _SECOND_ADDRESS_AFTER_S if left else None
            done, _ = await asyncio.wait(tried, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                tried.remove(each)
                try:
                    return each.result()
                except OSError as fault:
                    faults.append(fault)
    finally:
        for each in tried:
            each.cancel()
        for found in await asyncio.gather(*tried, return_exceptions=True):
            if isinstance(found, _Inbox):
                found.transport.abort()
    if len(faults) == 1:
        raise faults[0]
    raise OSError("None of its addresses answers.") from ExceptionGroup("each address", faults)


async def _addresses(host: str, port: int) -> list[str]:
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    by_family: dict[int, list[str]] = {}
    for family, _, _, _, place in found:
        by_family.setdefault(family, []).append(str(place[0]))
    # The families by turns, beginning with the one the system prefers: one of them may be cut off as a whole.
    turns = itertools.chain.from_iterable(itertools.zip_longest(*by_family.values()))
    return [address for address in turns if address is not None]


async def _connected_to(address: str, port: int, spare: list[memoryview]) -> _Inbox:
    _, inbox = await asyncio.get_running_loop().create_connection(lambda: _Inbox(spare), address, port)
    return inbox


async def _secured(
    inbox: _Inbox, context: ssl.SSLContext, server_hostname: str | None, within_s: float | None
) -> asyncio.Transport:
    """Errors: ssl.SSLError, with what was behind it; SSLWantReadError when there was no more to hear."""
    loop, ended = asyncio.get_running_loop(), "the connection ended in the midst of the handshake"
    try:
        async with asyncio.timeout(within_s):
            transport = await loop.start_tls(inbox.transport, inbox, context, server_hostname=server_hostname)
    except TimeoutError as error:
        raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "silence in the midst of the handshake") from error
    except ConnectionError as error:
        if error.errno is not None:
            raise ssl.SSLSyscallError(ssl.SSL_ERROR_SYSCALL, ended) from error
        # What asyncio calls a mere end.
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, ended) from error
    if transport is None:
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, ended)
    return transport
