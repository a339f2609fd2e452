"""The guards in conftest.py would notice what they are there for."""

import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support import leftovers as module
from tests.support.leftovers import leftovers, settled, watched_timers


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.1)
    return


def test_a_thread_is_noticed() -> None:
    end = threading.Event()
    with watched_timers() as timers:
        before = leftovers(timers)
        thread = threading.Thread(target=end.wait, name="stray")
        thread.start()
        assert {what for what, _ in settled(before, timers)} == {"stray"}
        end.set()
        thread.join()
        assert settled(before, timers) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="looks in /proc")
def test_a_process_is_noticed() -> None:
    with watched_timers() as timers:
        before = leftovers(timers)
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        assert [number for _, number in settled(before, timers)] == [process.pid]
        process.communicate(b"\n")
        assert settled(before, timers) == set()


def test_a_running_timer_and_a_window_are_noticed(qapp: object) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QWidget

    with watched_timers() as timers:
        before = leftovers(timers)
        timer, window = QTimer(), QWidget()
        window.setObjectName("stray")
        timer.start(60_000)
        found = sorted(what for what, _ in settled(before, timers))
        assert [what.split()[0] for what in found] == ["timer", "window"]
        assert "stray" in found[1]
        timer.stop()
        window.deleteLater()
        assert settled(before, timers) == set()


def test_the_network_is_out_of_reach() -> None:
    with pytest.raises(socket.gaierror, match="tests don't look up"):
        socket.getaddrinfo("api.lumetrade.com", 443)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)
    with socket.socket() as sock, pytest.raises(ConnectionRefusedError, match="tests don't connect"):
        sock.connect(("192.0.2.1", 80))


def test_this_computer_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
