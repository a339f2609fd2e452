"""A real Secret Service of a test's own: GNOME Keyring on a private D-Bus bus, and a stand-in for who asks its questions.

Nothing on that bus is started by itself, so that the only windows are the tests': without `prompter()` nobody can ask.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "opensesame"
PATIENCE_S = 20.0

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""


def why_not() -> str:
    """What this computer lacks for a Secret Service of a test's own; empty if nothing."""
    if not sys.platform.startswith("linux"):
        return "the Secret Service is for Linux"
    packages = {"dbus-daemon": "dbus", "gnome-keyring-daemon": "gnome-keyring"}
    missing = sorted(package for command, package in packages.items() if shutil.which(command) is None)
    return f"needs the package {' and '.join(missing)}" if missing else ""


def need_secret_service() -> None:
    """Skip the test where there can be none, naming the package that is missing."""
    if reason := why_not():
        pytest.skip(reason)


class SecretService:
    """The running service. `environment` is what a program needs to find it; `home` its home folder, empty at first."""

    def __init__(self, folder: Path, address: str) -> None:
        self.home = folder / "home"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make it this process's own."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    @contextlib.contextmanager
    def collection(self) -> Iterator[Any]:
        """The default collection, by the Secret Service's library and none of ours."""
        import secretstorage

        with closing(self._connection()) as bus:
            yield secretstorage.get_default_collection(bus)

    def lock(self) -> None:
        """Lock the default collection."""
        with self.collection() as collection:
            collection.lock()
            assert collection.is_locked()

    def stop(self) -> None:
        """End the service, as when it crashes. The bus stays."""
        assert self.daemon is not None
        _end(self.daemon)

    def held(self) -> dict[str, str]:
        """Every secret of the default collection, by its service."""
        with self.collection() as collection:
            return {
                item.get_attributes().get("service", ""): item.get_secret().decode()
                for item in collection.get_all_items()
            }

    @contextlib.contextmanager
    def prompter(self) -> Iterator["Prompter"]:
        """Someone who can ask the operator for the password, until the block ends."""
        with closing(self._connection()) as bus:
            prompter = Prompter(bus)
            try:
                yield prompter
            finally:
                prompter.leave()

    def _connection(self) -> Any:
        from jeepney.bus import get_connectable_addresses
        from jeepney.io.blocking import DBusConnection, prep_socket
        from secretstorage.util import add_match_rules

        address = next(get_connectable_addresses(self.environment["DBUS_SESSION_BUS_ADDRESS"]))
        bus = DBusConnection(prep_socket(address))
        add_match_rules(bus)
        return bus


@contextlib.contextmanager
def secret_service() -> Iterator[SecretService]:
    """A Secret Service whose collection is unlocked; ended, with all its files, when the block ends."""
    need_secret_service()
    with contextlib.ExitStack() as ends:
        # Not the test's own folder: a socket's path may have 107 characters.
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="lume-")))
        for name in ("home", "run", "data", "config", "cache"):
            (folder / name).mkdir(mode=0o700)
        address = ends.enter_context(private_bus(folder))
        service = SecretService(folder, address)
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | service.environment
        daemon = service.daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends.callback(_end, daemon)
        assert daemon.stdin is not None
        with daemon.stdin as stdin:
            stdin.write(PASSWORD.encode())
        _wait(lambda: _answers(service, daemon), "the Secret Service")
        yield service


@contextlib.contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """A session bus on which nothing is and nothing can be started. Shape: its address."""
    config = folder / "bus.conf"
    config.write_text(_BUS.format(folder=folder))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--print-address", "--nofork"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        assert address, "dbus-daemon didn't start"
        yield address
    finally:
        _end(daemon)


def _answers(service: SecretService, daemon: "subprocess.Popen[bytes]") -> bool:
    """True once the collection is there and unlocked: a start is several steps, seen from outside."""
    from jeepney import DBusErrorResponse
    from secretstorage import Collection, SecretStorageException

    assert daemon.poll() is None, "gnome-keyring-daemon ended"
    with closing(service._connection()) as bus, contextlib.suppress(SecretStorageException, DBusErrorResponse):
        return not Collection(bus).is_locked()
    return False


def _wait(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"waited for {what}"


def _end(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    process.wait(PATIENCE_S)
    if process.stdout is not None:
        process.stdout.close()


class Prompter:
    """Stands for the program that shows GNOME Keyring's questions. A question stays open until it is answered.

    It speaks what gcr-prompter speaks: org.gnome.keyring.internal.Prompter, under the same name on the bus.
    """

    def __init__(self, bus: Any) -> None:
        from jeepney.bus_messages import message_bus
        from jeepney.io.blocking import Proxy

        self.asked = threading.Event()
        self.questions = 0
        self._bus = bus
        self._open: Any = None  # the message that asks
        self._answer: str | None = None  # empty for closing the question
        self._turn = threading.Lock()
        assert Proxy(message_bus, bus).RequestName("org.gnome.keyring.SystemPrompter") == (1,)
        self._thread = threading.Thread(target=self._serve, name="prompter")
        self._thread.start()

    def dismiss(self) -> None:
        """Close the question that is open, or else each that comes."""
        self._give("")

    def enter(self, password: str) -> None:
        """Answer the question that is open, or else each that comes."""
        self._give(password)

    def leave(self) -> None:
        """End, as when the program is killed."""
        import socket

        self._bus.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _give(self, answer: str) -> None:
        with self._turn:
            self._answer = answer
            if self._open is not None:
                self._reply()

    def _serve(self) -> None:
        from jeepney import MessageType, new_method_return

        with contextlib.suppress(ConnectionError):
            while True:
                message = self._bus.receive()
                if message.header.message_type is not MessageType.method_call:
                    continue
                with self._turn:
                    self._bus.send(new_method_return(message))
                    self._obey(message)

    def _obey(self, message: Any) -> None:
        from jeepney import HeaderFields

        match message.header.fields[HeaderFields.member]:
            case "BeginPrompting":
                self._call(message, "PromptReady", "sa{sv}s", ("", {}, ""))
            case "PerformPrompt":
                self._open = message
                self.questions += 1
                self.asked.set()
                if self._answer is not None:
                    self._reply()
            case "StopPrompting":
                self._open = None
                self._call(message, "PromptDone", "", ())

    def _reply(self) -> None:
        message, self._open = self._open, None
        exchange = _sealed(self._answer, message.body[3]) if self._answer else ""
        self._call(message, "PromptReady", "sa{sv}s", ("yes" if self._answer else "no", {}, exchange))

    def _call(self, message: Any, member: str, signature: str, body: tuple[Any, ...]) -> None:
        from jeepney import DBusAddress, HeaderFields, new_method_call

        callback = DBusAddress(
            message.body[0], message.header.fields[HeaderFields.sender], "org.gnome.keyring.internal.Prompter.Callback"
        )
        self._bus.send(new_method_call(callback, member, signature, body))


# RFC 2409's and 3526's group of 1,536 bits, which the exchange between the two programs uses.
_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF",
    16,
)


def _drawn() -> int:
    return int.from_bytes(os.urandom(64), "big")


def _sealed(password: str, request: str) -> str:
    """The password as GNOME Keyring expects it: encrypted for the public key in its request ("sx-aes-1")."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    members = dict(line.split("=", 1) for line in request.splitlines() if "=" in line)
    theirs = int.from_bytes(base64.b64decode(members["public"]), "big")
    # One shared secret in 256 begins with a zero. GNOME Keyring leaves it out, and so would derive another key.
    shared = bytes(1)
    while not shared[0]:
        mine = _drawn()
        shared = pow(theirs, mine, _PRIME).to_bytes(192, "big")
    seed = hmac.new(bytes(32), shared, hashlib.sha256).digest()
    key = hmac.new(seed, b"\x01", hashlib.sha256).digest()[:16]
    plain = password.encode()
    plain += bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    iv = os.urandom(16)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = {
        "public": pow(2, mine, _PRIME).to_bytes(192, "big"),
        "secret": encryptor.update(plain) + encryptor.finalize(),
        "iv": iv,
    }
    lines = [f"{name}={base64.b64encode(value).decode()}" for name, value in sealed.items()]
    return "\n".join(["[sx-aes-1]", *lines, ""])
