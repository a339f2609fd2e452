"""Starts and stops the sandbox as a process of its own, for the program and for tests. What it serves is not known here."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.sandbox.seeding import DEFAULT_HISTORY

# The frozen program is its own sandbox's program: with this as its first argument it is no desk. Known to lumedesk.cli too,
# which would have to load all of this to learn it from here.
SANDBOX_ARGUMENT = "--serve-sandbox"
_START_S = 15.0
_STOP_S = 3.0
_MOST_STDERR = 4_000


class SandboxFailed(RuntimeError):
    """The sandbox did not start; the text ends with what it said."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """`history`: past trades. `speed`: pace of what moves by itself, 0 stands still. `quote_seconds`: a quote's life."""

    history: int = DEFAULT_HISTORY
    speed: float = 1.0
    seed: int = 1
    quote_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class SandboxAddress:
    """Where a sandbox listens, and the two key pairs it accepts."""

    base_url: str
    credentials: Credentials
    view_only: Credentials


class SandboxProcess:
    """One sandbox. It ends when `stop` is called, and by itself when this process ends, however it ends."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self._options = options or SandboxOptions()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """It was started and still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Of the process that runs, if any."""
        return self._process.pid if self._process is not None else None

    def start(self) -> SandboxAddress:
        """Wait until it listens, 15 seconds at most. Errors: SandboxFailed."""
        if self._process is not None:
            raise SandboxFailed("The sandbox was started already.")
        # Into a file: a pipe that nobody reads would block the child once full.
        with tempfile.TemporaryFile() as said:
            self._process = _spawned(self._options, said)
            line = self._first_line()
            try:
                return _address(line)
            except (ValueError, KeyError) as error:
                self.stop()
                said.seek(0)
                last_words = said.read()[-_MOST_STDERR:].decode(errors="replace").strip()
                raise SandboxFailed(f"The sandbox did not start. {last_words}".strip()) from error

    def stop(self) -> None:
        """End it and wait for its end, some seconds at most. Harmless when it isn't running."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _first_line(self) -> bytes:
        """What the child says first; empty if it says nothing in time or ends."""
        process = self._process
        if process is None or process.stdout is None:
            return b""
        lines: list[bytes] = []
        # A thread, because a pipe can't be waited for with a deadline on Windows.
        reader = threading.Thread(target=lambda out=process.stdout: lines.append(out.readline()), daemon=True)
        reader.start()
        reader.join(_START_S)
        if reader.is_alive():
            process.kill()
            reader.join()
        return lines[0] if lines else b""


def _spawned(options: SandboxOptions, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    command, environment = _program()
    command.append("--until-stdin-closes")
    for name, value in (
        ("--history", options.history),
        ("--speed", options.speed),
        ("--seed", options.seed),
        ("--quote-seconds", options.quote_seconds),
    ):
        command += [name, str(value)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=os.environ | environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _program() -> tuple[list[str], dict[str, str]]:
    """The command that is a sandbox, without its options, and what its environment needs besides."""
    if getattr(sys, "frozen", False):
        # Not a part of this run, whose libraries are on its loader's path: a run of its own, which sets that by itself.
        return [sys.executable, SANDBOX_ARGUMENT], {"PYINSTALLER_RESET_ENVIRONMENT": "1"}
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # -P: a folder named lumedesk in the current directory must not be taken for ours.
    return [sys.executable, "-P", "-m", "lumedesk.sandbox"], {"PYTHONPATH": os.pathsep.join(paths)}


def _address(line: bytes) -> SandboxAddress:
    said: dict[str, str] = json.loads(line)
    return SandboxAddress(
        said["base_url"],
        Credentials(said["api_key"], Secret(said["api_secret"])),
        Credentials(said["view_only_key"], Secret(said["view_only_secret"])),
    )
