"""Rows 69 to 74 of the fault matrix on the keychain itself; what the window makes of them is tested with the window."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keyring.backends import SecretService as Backend
from keyring.backends import chainer, fail, null

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import (
    MAX_UNITS,
    KeychainDenied,
    KeychainLocked,
    MemoryKeychain,
    NoKeychain,
    NotKept,
    SecretTooLong,
    SystemKeychain,
    Vault,
    system_keychain,
)
from tests.keychain.fake_macos import FakeSecurity
from tests.support.secret_service import PASSWORD, PATIENCE_S, SecretService, secret_service

ROOT = Path(__file__).parents[2]
OLD = Credentials("old-key", Secret("old-secret"))
NEW = Credentials("new-key", Secret("new-secret"))
NEWER = Credentials("newer-key", Secret("newer-secret"))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


def in_a_process(run: Callable[[], str]) -> str | None:
    """What `run` returns in a process of its own; None if that was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writing, run().encode())
        except BaseException as error:  # noqa: BLE001 - nothing may reach the tests' own process
            os.write(writing, f"failed: {type(error).__name__}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    return None if os.WIFSIGNALED(os.waitpid(pid, 0)[1]) else answer


def read_anew(profile_id: str = "ab12") -> Credentials | None:
    """The credentials as another process, started later, reads them."""

    def run() -> str:
        held = Vault(system_keychain(), profile_id).credentials()
        return f"{held.key} {held.secret.reveal()}" if held else "nothing"

    key, _, secret = (in_a_process(run) or "killed").partition(" ")
    assert not key.startswith("failed"), secret
    return Credentials(key, Secret(secret)) if secret else None


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_row_69_a_locked_keychain_asks_and_waits_on_the_thread_that_called(service: SecretService) -> None:
    vault = Vault(system_keychain(), "ab12")
    vault.keep(OLD)
    service.lock()
    read: list[Credentials | None] = []
    with service.prompter() as prompter:
        worker = threading.Thread(target=lambda: read.append(vault.credentials()))
        worker.start()
        assert prompter.asked.wait(PATIENCE_S), "the question is on the screen"
        assert worker.is_alive(), "and only the thread that called waits for the answer"
        prompter.enter(PASSWORD)
        worker.join(PATIENCE_S)
    assert read == [OLD]


def test_row_69_a_locked_keychain_that_nobody_can_unlock_is_named(service: SecretService) -> None:
    vault = Vault(system_keychain(), "ab12")
    vault.keep(OLD)
    service.lock()
    for call in (vault.credentials, vault.store_key, vault.make_store_key, vault.forget, lambda: vault.keep(NEW)):
        with pytest.raises(KeychainLocked) as caught:
            call()
        assert "locked" in caught.value.title
        assert caught.value.advice


def test_row_70_a_closed_question_is_denied_and_loses_nothing(service: SecretService) -> None:
    vault = Vault(system_keychain(), "ab12")
    vault.keep(OLD)
    service.lock()
    with service.prompter() as prompter:
        prompter.dismiss()
        for call in (vault.credentials, vault.store_key, vault.make_store_key, vault.forget, lambda: vault.keep(NEW)):
            with pytest.raises(KeychainDenied) as caught:
                call()
            assert caught.value.advice
        prompter.enter(PASSWORD)
        assert vault.credentials() == OLD
        assert vault.store_key() is None


@pytest.mark.parametrize("bus", ["", "unix:path=/nowhere/bus"])
def test_row_71_without_a_keychain_nothing_is_written_anywhere(tmp_path: Path, bus: str) -> None:
    program = (
        "from lumedesk.keychain import *\n"
        "try:\n"
        "    system_keychain()\n"
        "except NoKeychain as trouble:\n"
        "    print(trouble.title, trouble, trouble.advice)\n"
        "    memory = MemoryKeychain()\n"
        "    assert not memory.is_lasting\n"
        "    from lumedesk.domain.credentials import Credentials, Secret\n"
        "    Vault(memory, 'ab12').keep(Credentials('key', Secret('canary')))\n"
        "    assert Vault(memory, 'ab12').credentials()\n"
    )
    places = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR")}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **places}
    if bus:
        environment["DBUS_SESSION_BUS_ADDRESS"] = bus
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("No keychain can be used No Secret Service answers")
    assert "never put into a file" in done.stdout
    assert list(tmp_path.rglob("*")) == []


class PlaintextKeyring(null.Keyring):
    """Named as keyrings.alt's backend that writes secrets into a file."""


class Keyring(Backend.Keyring):
    """Named as the right one, and derived from it; but not it."""


@pytest.mark.parametrize(
    "kind", [null.Keyring, fail.Keyring, chainer.ChainerBackend, PlaintextKeyring, Keyring], ids=repr
)
def test_row_72_a_null_file_or_unknown_backend_is_refused(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keyring, "__module__", Backend.__name__)
    with pytest.raises(NoKeychain, match="refused"):
        SystemKeychain(kind())


def test_row_72_a_null_backend_in_the_right_ones_place_is_refused(
    service: SecretService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backend, "Keyring", null.Keyring)
    with pytest.raises(NoKeychain):
        system_keychain()


def test_row_72_writes_that_are_swallowed_are_noticed(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    keychain = system_keychain()
    monkeypatch.setattr(Backend.Keyring, "set_password", lambda *_: None)
    with pytest.raises(NotKept):
        keychain.write("x", Secret("canary"))
    vault = Vault(keychain, "ab12")
    with pytest.raises(NotKept):
        vault.make_store_key()
    with pytest.raises(NotKept):
        vault.keep(OLD)


@pytest.mark.parametrize("letter", ["x", "é", "€", "𝄞"])
def test_row_73_a_secret_over_1280_units_is_refused_before_the_keychain_is_asked(
    service: SecretService, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    keychain = system_keychain()
    value = letter * (MAX_UNITS // (2 if letter == "𝄞" else 1)) + "x"

    def unasked(*_: Any) -> None:
        raise AssertionError("the keychain was asked")

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(Backend.Keyring, name, unasked)
    with pytest.raises(SecretTooLong, match=r"1,281 characters long; an entry holds 1,280") as caught:
        keychain.write("x", Secret(value))
    assert value not in str(caught.value)
    with pytest.raises(SecretTooLong):
        Vault(keychain, "ab12").keep(Credentials("key", Secret(value)))
    monkeypatch.undo()
    assert service.held() == {}


def messages(run: Callable[[], None], *, killed_before: int = 0) -> int:
    """Run it in a process that is killed before it sends that message to the bus. Shape: how many it sent; 0 if killed."""
    from jeepney.io.blocking import DBusConnection

    def counted() -> str:
        sent, send = 0, DBusConnection.send_message

        def send_or_die(*arguments: Any, **options: Any) -> Any:
            nonlocal sent
            sent += 1
            if sent == killed_before:
                die()
            return send(*arguments, **options)

        DBusConnection.send_message = send_or_die
        run()
        return str(sent)

    answer = in_a_process(counted)
    assert answer is None or answer.isdecimal(), answer
    return int(answer or 0)


def as_kept(credentials: Credentials) -> Secret:
    """What an entry holds for them."""
    memory = MemoryKeychain()
    Vault(memory, "x").keep(credentials)
    return memory.read("x/credentials") or Secret("")


def test_row_74_killed_before_any_message_of_a_rotation_leaves_old_or_new_whole(service: SecretService) -> None:
    """On the real Secret Service: between any two calls, and within each."""
    keychain, old = system_keychain(), as_kept(OLD)
    keychain.write("ab12/credentials", old)
    total = messages(lambda: Vault(keychain, "ab12").keep(NEW))
    assert read_anew() == NEW
    seen: list[str] = []
    for number in range(1, total + 1):
        keychain.write("ab12/credentials", old)
        assert messages(lambda: Vault(keychain, "ab12").keep(NEW), killed_before=number) == 0
        held = read_anew()
        assert held in (OLD, NEW), f"killed before message {number} of {total}"
        seen.append(held.key if held else "")
        assert list(service.held()) == ["LumeDesk ab12/credentials"], "and the second entry is gone"
    assert seen == sorted(seen, reverse=True), "old until it is new"
    assert set(seen) == {"old-key", "new-key"}


def test_row_74_killed_while_finishing_a_rotation_leaves_the_new_whole(service: SecretService) -> None:
    keychain, old, new = system_keychain(), as_kept(OLD), as_kept(NEW)

    def finish() -> None:
        assert Vault(keychain, "ab12").credentials() == NEW

    def interrupt() -> None:
        keychain.write("ab12/credentials", old)
        keychain.write("ab12/credentials/next", new)

    interrupt()
    total = messages(finish)
    for number in range(1, total + 1):
        interrupt()
        assert messages(finish, killed_before=number) == 0
        assert read_anew() == NEW, f"killed before message {number} of {total}"


@pytest.fixture
def security(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSecurity:
    """Stands for macOS, where replacing an entry is deleting it, then adding it."""
    fake = FakeSecurity(tmp_path / "items.json")
    fake.install(monkeypatch)
    return fake


def killed_at(security: FakeSecurity, number: int, credentials: Credentials) -> bool:
    """Keep them in a process that is killed before its call of that number; whether it came to that."""

    def run() -> str:
        security.calls = 0
        security.before = lambda call: die() if call == number else None
        Vault(system_keychain(), "ab12").keep(credentials)
        return "kept"

    answer = in_a_process(run)
    assert answer in (None, "kept")
    return answer is None


def test_row_74_a_crash_between_delete_and_add_on_a_fake_macos_leaves_old_or_new_whole(
    security: FakeSecurity,
) -> None:
    """And a second crash, in the rotation after the first one, leaves one of the three."""
    seen: set[str] = set()
    number = 1
    while True:
        Vault(system_keychain(), "ab12").keep(OLD)
        if not killed_at(security, number, NEW):
            break
        held = read_anew()
        assert held in (OLD, NEW), f"killed before call {number}"
        seen.add(held.key if held else "")
        second = 1
        while True:
            Vault(system_keychain(), "ab12").keep(OLD)
            killed_at(security, number, NEW)
            if not killed_at(security, second, NEWER):
                break
            assert read_anew() in (OLD, NEW, NEWER), f"killed before call {number}, then before call {second}"
            second += 1
        number += 1
    assert seen == {"old-key", "new-key"}
    assert number > 6, "it came to deaths in the middle"


def test_row_74_on_a_fake_macos_an_entry_alone_would_be_lost(security: FakeSecurity) -> None:
    """Why there are two entries: one that is replaced in place is gone if the crash comes at the wrong moment."""
    keychain = system_keychain()
    keychain.write("x", Secret("old"))

    def run() -> str:
        security.calls = 0
        security.before = lambda call: die() if call == 2 else None
        keychain.write("x", Secret("new"))
        return "kept"

    assert in_a_process(run) is None
    assert keychain.read("x") is None
