"""Starts the sandbox: `python -m lumedesk.sandbox`. Says where it listens in one line of JSON, then serves."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable

from lumedesk.sandbox.clock import Clock
from lumedesk.sandbox.gate import Gate, KeyPair
from lumedesk.sandbox.operations import Desk
from lumedesk.sandbox.seeding import DEFAULT_HISTORY
from lumedesk.sandbox.server import Server


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lumedesk.sandbox", description="An invented Lumetrade v1 server on loopback."
    )
    parser.add_argument("--port", type=_within(int, 0, 65_535), default=0, help="0: any free one")
    parser.add_argument("--history", type=_within(int, 0, 1_000_000), default=DEFAULT_HISTORY, help="past trades")
    parser.add_argument("--speed", type=_within(float, 0, 10_000), default=1.0, help="pace of the world; 0: it stands")
    parser.add_argument("--seed", type=_within(int, 0, 2**31), default=1, help="same seed, same world")
    parser.add_argument("--quote-seconds", type=_within(float, 0, 86_400), default=15.0, help="life of a quote")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with whoever started it")
    return parser


def _within(kind: type[int] | type[float], least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least} to {most}")
        return value

    return number


async def _serve(options: argparse.Namespace) -> None:
    clock = Clock(options.speed)
    full, view_only = (KeyPair.invented(options.seed, role) for role in ("operator", "viewer"))
    desk = Desk(clock, options.seed, options.history, options.quote_seconds)
    server = Server(Gate(desk, clock, full, view_only), clock)
    stopped = asyncio.Event()
    _stop_on_signals(stopped)
    if options.until_stdin_closes:
        _stop_at_end_of_stdin(stopped)
    port = await server.start(options.port)
    line = {
        "base_url": f"http://127.0.0.1:{port}",
        "api_key": full.key,
        "api_secret": full.secret,
        "view_only_key": view_only.key,
        "view_only_secret": view_only.secret,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.close()


def _stop_on_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no signal handlers in its event loop.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))


def _stop_at_end_of_stdin(stopped: asyncio.Event) -> None:
    """A pipe ends when the process that holds its other end dies, however it dies."""
    loop = asyncio.get_running_loop()

    def watch() -> None:
        # Not sys.stdin: a thread that holds its lock would hang the interpreter's shutdown.
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop. Shape: the process's exit code."""
    asyncio.run(_serve(_parser().parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
