"""The sandbox as a process: it starts, it ends, and it never outlives whoever started it."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from lumedesk.sandbox import launch
from lumedesk.sandbox.__main__ import main
from lumedesk.sandbox.launch import SandboxFailed, SandboxOptions, SandboxProcess
from tests.support.sandbox import client_of, running_sandbox

ROOT = Path(__file__).resolve().parents[2]


def test_it_starts_answers_and_stops() -> None:
    process = SandboxProcess(SandboxOptions(history=5))
    assert not process.is_alive
    address = process.start()
    assert process.is_alive
    with client_of(address) as client:
        assert len(client.get("/trades").json()) == 5
    with client_of(address, view_only=True) as viewer:
        assert viewer.get("/accounts").status_code == 200
        assert viewer.post("/accounts", json={"currency": "GHS"}).status_code == 403
    process.stop()
    assert not process.is_alive
    process.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address.base_url, trust_env=False)


def test_it_stops_while_clients_are_connected() -> None:
    with running_sandbox() as address, client_of(address) as client:
        assert client.get("/accounts").status_code == 200


def test_two_at_once_do_not_share_a_world() -> None:
    with running_sandbox(seed=1) as first, running_sandbox(seed=2) as second:
        assert first.base_url != second.base_url
        assert first.credentials != second.credentials


def test_the_secret_is_never_shown() -> None:
    with running_sandbox() as address:
        assert address.credentials.secret.reveal() not in repr(address)


def test_it_starts_from_any_directory_past_a_namesake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lumedesk").mkdir()
    (tmp_path / "lumedesk" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with running_sandbox() as address:
        assert address.base_url


def test_a_start_that_fails_says_why() -> None:
    process = SandboxProcess(SandboxOptions(history=-1))
    with pytest.raises(SandboxFailed, match="must be from 0"):
        process.start()
    assert not process.is_alive


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_start_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexec cat\n")  # reads its stdin, says nothing
    mute.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(mute))
    monkeypatch.setattr(launch, "_START_S", 0.2)
    process = SandboxProcess()
    with pytest.raises(SandboxFailed, match="did not start"):
        process.start()
    assert not process.is_alive


def test_it_is_started_once() -> None:
    with SandboxProcess() as process:
        process.start()
        with pytest.raises(SandboxFailed, match="already"):
            process.start()
        assert process.is_alive


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "lumedesk.sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["base_url"]
        child.send_signal(number)
        assert child.wait(10) == 0
        assert child.stderr.read() == b""


def test_it_ends_when_its_parent_is_killed() -> None:
    parent_code = (
        "import sys, time; from lumedesk.sandbox.launch import SandboxProcess; process = SandboxProcess();"
        "print(process.start().base_url, process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        url, child = parent.stdout.readline().decode().split()
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection, ended(child):
            parent.kill()
            parent.wait(10)
            assert connection.recv(1) == b""


@contextmanager
def ended(child: str) -> Iterator[None]:
    """Whatever happens inside ends the process: told by Linux, which alone can watch a process that isn't ours."""
    if not hasattr(os, "pidfd_open"):
        yield
        return
    handle = os.pidfd_open(int(child))
    try:
        yield
        readable, _, _ = select.select([handle], [], [], 10)
        assert readable
    finally:
        os.close(handle)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--speed", "-1"], ["--speed", "nan"], ["--history", "x"]])
def test_absurd_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err
