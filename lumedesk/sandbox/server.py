"""HTTP/1.1 over asyncio and h11: reads requests within bounds, writes answers, and lets faults act on the socket itself."""

import asyncio
import traceback
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus

import h11

from lumedesk.sandbox.clock import Clock
from lumedesk.sandbox.gate import Gate, Incoming, Outgoing
from lumedesk.sandbox.ids import Ids
from lumedesk.sandbox.refusals import Refusal, malformed

MOST_BODY = 1024 * 1024
_MOST_HEADERS = 64 * 1024
_PIECE = 256 * 1024
_MOST_CONNECTIONS = 256
_HEARING_OUT_S = 2.0


class Server:
    """Serves on loopback until closed.

    A client that stops in the middle of a request or an answer is cut off after `patience_s`, one that says nothing
    between requests after `idle_s`.
    """

    def __init__(self, gate: Gate, clock: Clock, patience_s: float = 30.0, idle_s: float = 120.0) -> None:
        self._gate = gate
        self._clock = clock
        self._patience_s = patience_s
        self._idle_s = idle_s
        self._ids = Ids(7)
        self._connections: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1; the port taken, which a `port` of 0 leaves to the system."""
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", port, limit=_PIECE)
        taken: int = self._listener.sockets[0].getsockname()[1]
        return taken

    @property
    def is_idle(self) -> bool:
        """Nobody is connected."""
        return not self._connections

    async def close(self) -> None:
        """Stop listening and drop whoever is connected."""
        if self._listener is not None:
            self._listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._patience_s, self._idle_s)
        try:
            while await self._exchange(connection):
                connection.start_next()
        except (OSError, TimeoutError, h11.ProtocolError):
            # The client went away, stood still or broke the rules after its answer; there is nobody to tell.
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, connection: "Connection") -> bool:
        """One request and its answer; whether the connection may be used again."""
        request_id = self._ids.new("req_")
        try:
            incoming = await connection.received()
            if incoming is None:
                return False
            outgoing = self._gate.answer(incoming, request_id)
        except h11.RemoteProtocolError as error:
            outgoing = self._gate.refused(malformed(str(error)), request_id)
        except Refusal as refusal:
            outgoing = self._gate.refused(refusal, request_id)
        except (OSError, TimeoutError):
            raise
        except Exception:  # noqa: BLE001 - a mistake of ours must look like the vendor's
            traceback.print_exc()
            outgoing = self._gate.refused(Refusal(500, 1500, "Unexpected error"), request_id)
        if outgoing.delay_s:
            await asyncio.sleep(outgoing.delay_s)
        if outgoing.is_dropped:
            connection.drop()
            return False
        date = format_datetime(self._clock.wall(), usegmt=True)
        return await connection.send(outgoing, [("Date", date), ("X-Request-Id", request_id)])


class Connection:
    """One connection: whole requests in, answers out."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience_s: float, idle_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience_s = patience_s
        self._idle_s = idle_s
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADERS)
        self._wants_body = True

    def start_next(self) -> None:
        """Make ready for another request on the same connection."""
        self._protocol.start_next_cycle()

    def drop(self) -> None:
        """End the connection without another byte."""
        self._writer.transport.abort()

    async def received(self) -> Incoming | None:
        """A whole request; None at the end of the connection. Errors: Refusal 413, RemoteProtocolError, TimeoutError."""
        request: h11.Request | None = None
        body = bytearray()
        async with asyncio.timeout(self._idle_s) as deadline:
            while True:
                match event := self._protocol.next_event():
                    case h11.NEED_DATA:
                        await self._read()
                        # The first bytes of a request start its own, shorter time.
                        deadline.reschedule(
                            min(deadline.when() or 0, asyncio.get_running_loop().time() + self._patience_s)
                        )
                    case h11.Request():
                        request = event
                        self._wants_body = event.method != b"HEAD"
                    case h11.Data():
                        body += event.data
                        if len(body) > MOST_BODY:
                            raise Refusal(413, 1413, "The body is larger than 1 MiB")
                    case h11.EndOfMessage() if request is not None:
                        method, target = request.method.decode("ascii"), request.target.decode("ascii")
                        return Incoming(method, target, dict(request.headers), bytes(body))
                    case _:
                        return None

    async def send(self, outgoing: Outgoing, headers: list[tuple[str, str]]) -> bool:
        """Write an answer; whether another request may follow it."""
        body = outgoing.body if outgoing.status not in _BODILESS else b""
        headers += [("Content-Type", outgoing.content_type), ("Content-Length", str(len(body))), *outgoing.headers]
        if self._protocol.their_state not in _ALL_READ:
            # The rest of an unread body would be taken for the next request.
            headers.append(("Connection", "close"))
        reason = HTTPStatus(outgoing.status).phrase if outgoing.status in _KNOWN else "Unknown"
        await self._write(h11.Response(status_code=outgoing.status, headers=headers, reason=reason))
        end = len(body) // 2 if outgoing.is_cut else len(body)
        for start in range(0, end if self._wants_body else 0, _PIECE):
            await self._write(h11.Data(data=body[start : min(start + _PIECE, end)]))
        if outgoing.is_cut:
            return False
        await self._write(h11.EndOfMessage())
        await self._hear_out()
        return self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE

    async def _hear_out(self) -> None:
        """Let a client that still sends finish: closing on it would reset the connection before it reads its answer."""
        if self._protocol.their_state in _ALL_READ:
            return
        self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_HEARING_OUT_S, self._patience_s)):
                while await self._reader.read(_PIECE):
                    pass

    async def _read(self) -> None:
        if self._protocol.they_are_waiting_for_100_continue:
            await self._write(h11.InformationalResponse(status_code=100, headers=[]))
        self._protocol.receive_data(await self._reader.read(_PIECE))

    async def _write(self, event: h11.Event) -> None:
        self._writer.write(self._protocol.send(event) or b"")
        async with asyncio.timeout(self._patience_s):
            await self._writer.drain()


_KNOWN = {status.value for status in HTTPStatus}
_BODILESS = {204, 304}
_ALL_READ = {h11.DONE, h11.MUST_CLOSE}
