"""One run of the program for each of its ends, with everything that it wrote kept, and the canaries that were in it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
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
NEW_SECRET = "n3W~Pb|{d/+E\"yq\\G%5&cZ8;=r'T<o>9?kM:@vX!"
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
            # What Python writes beside its sources holds code only, and lies where nothing is searched.
            "PYTHONDONTWRITEBYTECODE": "1",
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

    def heard(self, where: str) -> dict[str, str]:
        """What was told of one part of the run: what happened to the words in which it was told."""
        found: dict[str, str] = {}
        for each in self.told:
            if each["where"] == where:
                found[each["what"]] = found.get(each["what"], "") + " | ".join(each["words"]) + "\n"
        return found


# Hears each thing told, with the process and its standard input.
Listener = Callable[[dict[str, Any], "subprocess.Popen[bytes]", IO[bytes]], None]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with canary_servers([KeyPair(KEY, SECRET), KeyPair(KEY, NEW_SECRET)]) as servers:
        yield servers


@pytest.fixture(scope="session")
def service() -> Iterator[SecretService]:
    with secret_service() as service:
        yield service


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, service: SecretService, servers: Servers) -> World:
    """The world of the real runs."""
    return new_world(tmp_path_factory, service, servers)


@pytest.fixture(scope="session")
def leaky_world(tmp_path_factory: pytest.TempPathFactory, service: SecretService, servers: Servers) -> World:
    """The world of the run that leaks on purpose."""
    return new_world(tmp_path_factory, service, servers)


def new_world(factory: pytest.TempPathFactory, service: SecretService, servers: Servers) -> World:
    folder = factory.mktemp("canary")
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700)
    return World(folder, service, servers)


@pytest.fixture(scope="session")
def paths(world: World) -> Ended:
    """The run that takes every error path and ends normally."""
    ended = run(world, "canary_run", "paths")
    world.note_store_key()
    return ended


def run(world: World, module: str, what: str, once_told: Listener | None = None) -> Ended:
    """Let a run go on to its end, core files allowed. Its standard output and error are kept in the world's folder."""
    plan = {
        "key": KEY,
        "secret": SECRET,
        "new_secret": NEW_SECRET,
        "passphrase": PASSPHRASE,
        "urls": world.servers.urls,
    }
    command = [sys.executable, "-m", f"tests.support.{module}", str(world.folder), what]
    told: list[dict[str, Any]] = []
    with (
        (world.folder / f"{what}.stdout").open("wb") as stdout,
        (world.folder / f"{what}.stderr").open("wb") as stderr,
        started(world, command, stdout=subprocess.PIPE, stderr=stderr) as process,
        Watch(process, world.searched) as watch,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin as stdin, process.stdout as lines:
            stdin.write(json.dumps(plan).encode() + b"\n")
            stdin.flush()
            for line in lines:
                stdout.write(line)
                told.append(json.loads(line))
                # What it has started by now may be gone at the next round.
                watch.look()
                if once_told is not None:
                    once_told(told[-1], process, stdin)
        code = process.wait(60)
    return Ended(code, told, watch)


@contextlib.contextmanager
def started(world: World, command: list[str], **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the world's user, allowed to leave core files; ended at the latest with the block."""
    with core_files_allowed():
        process = subprocess.Popen(
            command,
            cwd=world.folder / "work",
            env=options.pop("env", world.environment),
            stdin=subprocess.PIPE,
            **options,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def kill_by(world: World) -> Callable[[signal.Signals], Listener]:
    """Kill a run as soon as its order has reached the server."""

    def by(fatal: signal.Signals) -> Listener:
        def kill(told: dict[str, Any], process: "subprocess.Popen[bytes]", _: IO[bytes]) -> None:
            if told["where"] == "order":
                assert world.servers.gate.held.wait(30)
                world.servers.gate.held.clear()
                process.send_signal(fatal)

        return kill

    return by


@pytest.fixture
def live(world: World) -> Callable[..., Ended]:
    """Run in the real world, as `run` has it."""

    def live(what: str, once_told: Listener | None = None) -> Ended:
        return run(world, "canary_run", what, once_told)

    return live


@pytest.fixture
def command(world: World) -> Callable[..., tuple[int, str, Watch]]:
    """The command `lumedesk`, to its end. Shape: its exit code, what it said, the watch on it."""
    numbers = count(1)

    def command(*arguments: str, says: str = "", **environment: str) -> tuple[int, str, Watch]:
        whole = [sys.executable, "-m", "lumedesk", "--data-dir", str(world.folder / "data"), *arguments]
        said = world.folder / f"command-{next(numbers)}.txt"
        with (
            said.open("wb") as out,
            started(world, whole, stdout=out, stderr=out, env=world.environment | environment) as process,
            Watch(process, world.searched) as watch,
        ):
            assert process.stdin is not None
            with process.stdin as stdin, contextlib.suppress(BrokenPipeError):
                stdin.write(says.encode())
            code = process.wait(60)
        return code, said.read_text(), watch

    return command


@pytest.fixture
def keys() -> tuple[str, str, str]:
    """The API key, its secret and the passphrase that the commands are given."""
    return KEY, SECRET, PASSPHRASE


@pytest.fixture
def leak(leaky_world: World) -> Callable[[Listener], Ended]:
    """The run that leaks on purpose."""
    return lambda once_told: run(leaky_world, "canary_planted", "planted", once_told)
