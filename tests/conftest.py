"""For every test: Qt without a screen, no network but this computer's own, and nothing left behind."""

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from tests.support.clock import FakeClock
from tests.support.leftovers import leftovers, settled, watched_timers

if TYPE_CHECKING:
    from lumedesk.work.engine import Engine

if "QT_QPA_PLATFORM" not in os.environ:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

# A busy computer is no defect: how long things take is measured elsewhere.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("desk")

# A widget that a worker's thread takes apart ends the process: see lumedesk/work/sweeping.py.
gc.disable()

_HERE = {"localhost", "127.0.0.1", "::1", "", None}


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Threads, child processes, running timers and windows that a test leaves behind are its failure."""
    with watched_timers() as timers:
        before = leftovers(timers)
        yield
        left = settled(before, timers)
    assert not left, f"left behind: {sorted(what for what, _ in left)}"


@pytest.fixture(autouse=True)
def _garbage_is_looked_for_here() -> Iterator[None]:
    """After a test: what it made is all young then. Looking through everything takes a second, and brings little more."""
    yield
    _, younger, older = gc.get_count()
    gc.collect(0 if younger < 10 else 1 if older < 50 else 2)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and addresses beyond this computer can't be reached; the test hears it as a failing network."""
    if request.node.get_closest_marker("network"):
        return
    resolve, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex

    def only_here(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in _HERE or name.startswith("127."):
            return resolve(host, *arguments, **options)
        raise socket.gaierror(socket.EAI_NONAME, f"tests don't look up {name}")

    def guarded(method: Any) -> Any:
        def call(sock: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple) and address[0] not in _HERE and not str(address[0]).startswith("127."):
                raise ConnectionRefusedError(f"tests don't connect to {address[0]}")
            return method(sock, address)

        return call

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))


@pytest.fixture
def profile(tmp_path: Path) -> ProfilePaths:
    """A profile of its own, whose folder is there."""
    paths = profile_paths(tmp_path, "test")
    make_private_folder(paths.folder)
    return paths


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def engine(qapp: object) -> Iterator["Engine"]:
    """The worker, stopped when the test ends."""
    from lumedesk.work.engine import Engine

    engine = Engine()
    yield engine
    engine.stop()
