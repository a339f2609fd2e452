"""One run of the program for each of its ends, with everything that it wrote kept, and the canaries that were in it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from lumedesk.sandbox.gate import KeyPair
from tests.support.canary import Hit, Hunter, Watch, core_files_allowed, core_folders, cores_of
from tests.support.canary_server import Servers, canary_servers
from tests.support.secret_service import SecretService, secret_service

ROOT = Path(__file__).resolve().parents[2]
KEY = "lt_live_Kq8vTzR3wYb5NnC2xGd7"
# With a character of each kind that some form of writing down changes.
SECRET = "Sx7/qL+\"Can'ary\\Zk&%9Vw=0aR;~tJ<m>4?hU#"
NEW_SECRET = 'n3W~Pb|{d/+E"yq\\G%5&cZ8;=r\'T<o>9?kM:@vX!'
PASSPHRASE = 'correct "horse" \\ battery/staple & 7391 %'
_FOLDERS = ("home", "config", "share", "state", "cache", "runtime", "tmp", "work", "data", "exports")


@dataclass
class World:
    """What the runs have in common: one user's folders, one keychain, the servers."""

    folder: Path
    service: SecretService
    servers: Servers
    store_key: str = ""

    @property
    def canaries(self) -> dict[str, str]:
        found = {"key id": KEY, "secret": SECRET, "new secret": NEW_SECRET, "passphrase": PASSPHRASE}
        return found | ({"store key": self.store_key} if self.store_key else {})

    @property
    def environment(self) -> dict[str, str]:
        """A user's own folders, and all that turns debug output of libraries on."""
        here = self.folder
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "HOME": str(here / "home"),
            "XDG_CONFIG_HOME": str(here / "config"),
            "XDG_DATA_HOME": str(here / "share"),
            "XDG_STATE_HOME": str(here / "state"),
            "XDG_CACHE_HOME": str(here / "cache"),
            "XDG_RUNTIME_DIR": str(here / "runtime"),
            "TMPDIR": str(here / "tmp"),
            "DBUS_SESSION_BUS_ADDRESS": self.service.environment["DBUS_SESSION_BUS_ADDRESS"],
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONWARNINGS": "default",
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONFAULTHANDLER": "1",
            "HTTPX_LOG_LEVEL": "trace",
            "SSLKEYLOGFILE": str(here / "tmp" / "tls-keys.log"),
        }

    @property
    def searched(self) -> list[Path]:
        return [self.folder, self.service.home.parent]

    def note_store_key(self) -> None:
        """Read the records' key back from the keychain."""
        [self.store_key] = [held for name, held in self.service.held().items() if name.endswith("/store-key")]

    def hunt(self, watch: Watch, canaries: dict[str, str] | None = None) -> tuple[set[Hit], Hunter]:
        """Search everything. Only the keychain's own files are left out: there the secrets belong."""
        hunter = Hunter(canaries or self.canaries)
        keychain = [self.service.home.parent / "data" / "keyrings", self.folder / "share" / "keyrings"]
        found = hunter.in_folders(self.searched, but=keychain) | watch.hits(hunter)
        cores = cores_of(watch.pid, core_folders())
        for core in cores:
            found |= hunter.in_bytes(core.read_bytes(), str(core))
        return found, hunter


@dataclass
class Ended:
    """A run that is over."""

    code: int
    told: list[dict[str, Any]]
    watch: Watch
    stderr: str
    files: list[Path] = field(default_factory=list)

    def heard(self, where: str) -> dict[str, str]:
        """What was told of one part of the run: what happened to the words in which it was told."""
        found: dict[str, str] = {}
        for each in self.told:
            if each["where"] == where:
                found[each["what"]] = found.get(each["what"], "") + " | ".join(each["words"]) + "\n"
        return found


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("canary")
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700)
    pairs = [KeyPair(KEY, SECRET), KeyPair(KEY, NEW_SECRET)]
    with secret_service() as service, canary_servers(pairs) as servers:
        yield World(folder, service, servers)


@contextlib.contextmanager
def running(world: World, what: str) -> Iterator[tuple["subprocess.Popen[bytes]", Watch, IO[bytes]]]:
    """A run under way, its standard error in a file, core files allowed. Shape: the process, the watch on it, its stdin."""
    plan = {
        "key": KEY,
        "secret": SECRET,
        "new_secret": NEW_SECRET,
        "passphrase": PASSPHRASE,
        "urls": world.servers.urls,
    }
    command = [sys.executable, "-m", "tests.support.canary_run", str(world.folder), what]
    with (world.folder / f"{what}.stderr").open("wb") as stderr, core_files_allowed():
        process = subprocess.Popen(
            command,
            cwd=world.folder / "work",
            env=world.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        assert process.stdin is not None
        with Watch(process, world.searched) as watch, process.stdin as stdin:
            stdin.write(json.dumps(plan).encode() + b"\n")
            stdin.flush()
            yield process, watch, stdin
    finally:
        process.kill()
        process.wait()


def run(world: World, what: str, once_told: Callable[[dict[str, Any], Any, IO[bytes]], None] | None = None) -> Ended:
    """Let a run go on to its end. `once_told` hears each thing told, with the process and its stdin."""
    told = []
    with running(world, what) as (process, watch, stdin), (world.folder / f"{what}.stdout").open("wb") as stdout:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                stdout.write(line)
                told.append(json.loads(line))
                if once_told is not None:
                    once_told(told[-1], process, stdin)
        code = process.wait(60)
    stderr = (world.folder / f"{what}.stderr").read_text(errors="replace")
    return Ended(code, told, watch, stderr)


def kill_when_held(world: World, fatal: signal.Signals) -> Callable[[dict[str, Any], Any, IO[bytes]], None]:
    """Kill a run as soon as its order has reached the server."""

    def kill(told: dict[str, Any], process: "subprocess.Popen[bytes]", _: IO[bytes]) -> None:
        if told["where"] == "order":
            assert world.servers.gate.held.wait(30)
            world.servers.gate.held.clear()
            process.send_signal(fatal)

    return kill
