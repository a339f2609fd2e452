"""A server on loopback in a process of its own, as fast as one can be: it sends prepared files and changes them on command.

It knows only what measuring needs: GET, kept connections, plain or compressed lists, one account whose balance is another
one at each request.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

_PREFIX = "/api/v1/"
_EMPTY = b"[]"


@dataclass
class Served:
    """What is answered now: files by the last word of a path, plain and compressed; and how often each was asked for."""

    files: dict[str, Path] = field(default_factory=dict)
    packed: dict[str, Path] = field(default_factory=dict)
    balance: int = 0
    asked: dict[str, int] = field(default_factory=dict)


async def _serve(served: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1].partition("?")[0]
            name = path.removeprefix(_PREFIX)
            served.asked[name] = served.asked.get(name, 0) + 1
            takes_gzip = "gzip" in head.lower().partition("accept-encoding:")[2].partition("\r\n")[0]
            await _answer(served, name, writer, takes_gzip=takes_gzip)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _answer(served: Served, name: str, writer: asyncio.StreamWriter, *, takes_gzip: bool) -> None:
    if takes_gzip and name in served.packed:
        await _send_file(writer, served.packed[name], "Content-Encoding: gzip\r\n")
    elif name in served.files:
        await _send_file(writer, served.files[name], "")
    else:
        body = _account(served) if name == "accounts" else _EMPTY
        writer.write(_head(len(body), "") + body)
        await writer.drain()


async def _send_file(writer: asyncio.StreamWriter, path: Path, more: str) -> None:
    with path.open("rb") as file:
        writer.write(_head(os.fstat(file.fileno()).st_size, more))
        # From the file to the socket inside the kernel: the server's own work must not slow down what is measured.
        await asyncio.get_running_loop().sendfile(writer.transport, file)


def _head(size: int, more: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}Content-Length: {size}\r\n\r\n".encode("ascii")


def _account(served: Served) -> bytes:
    served.balance += 1
    return f'[{{"id":"acc_1","currency":"ZAR","balance":{served.balance}.25,"lockedBalance":0}}]'.encode()


def _obey(served: Served, order: dict[str, Any]) -> dict[str, Any]:
    for name, path in order.get("files", {}).items():
        served.files[name] = Path(path)
        served.packed.pop(name, None)
    for name, path in order.get("packed", {}).items():
        served.packed[name] = Path(path)
    for name in order.get("empty", []):
        served.files.pop(name, None)
        served.packed.pop(name, None)
    return {"asked": served.asked}


async def _run() -> None:
    served = Served()
    server = await asyncio.start_server(lambda reader, writer: _serve(served, reader, writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port}), flush=True)  # noqa: T201 - the one who started it reads this
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(_obey(served, json.loads(line))), flush=True)  # noqa: T201
    server.close()


class Server:
    """A running server. `with` starts and ends it; both wait until it is so."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """What an endpoint's address is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        """Start it."""
        command = [sys.executable, "-m", "tests.bench.server"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self._told()["port"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it: it reads until its input is closed."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def serve(self, name: str, body: Path, packed: Path | None = None) -> None:
        """Answer `name` with this file from now on, compressed where that is there and asked for."""
        self._order(files={name: str(body)}, packed={name: str(packed)} if packed else {})

    def serve_nothing(self, name: str) -> None:
        """Answer `name` with an empty list."""
        self._order(empty=[name])

    def asked(self, name: str) -> int:
        """How often a list was asked for."""
        return int(self._order()["asked"].get(name, 0))

    def _order(self, **order: Any) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._told()

    def _told(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer


if __name__ == "__main__":
    asyncio.run(_run())
