"""The desk's keychain on a real Secret Service: add, read, rotate, remove; locked, denied, absent, gone."""

import logging
import threading
from base64 import b64decode
from collections.abc import Callable
from itertools import chain

import pytest

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import (
    MAX_UNITS,
    Keychain,
    KeychainDenied,
    KeychainLocked,
    KeychainTrouble,
    NoKeychain,
    NotKept,
    Vault,
    system_keychain,
)
from lumedesk.keychain import system as module
from tests.support import secret_service as stand_in
from tests.support.secret_service import PASSWORD, SecretService, private_bus, secret_service

OLD = Credentials("old-key", Secret("old-canary"))
NEW = Credentials("new-key", Secret("new-canary"))
CALLS: dict[str, Callable[[Keychain], object]] = {
    "read": lambda keychain: keychain.read("x"),
    "write": lambda keychain: keychain.write("x", Secret("canary")),
    "remove": lambda keychain: keychain.remove("x"),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


def test_an_entry_is_written_read_replaced_and_removed(service: SecretService, keychain: Keychain) -> None:
    assert (keychain.name, keychain.is_lasting) == ("Secret Service", True)
    assert keychain.read("x") is None
    keychain.write("x", Secret("one"))
    assert service.held() == {"LumeDesk x": "one"}
    keychain.write("x", Secret("two €𝄞"))
    assert system_keychain().read("x") == Secret("two €𝄞"), "also for the next run"
    assert service.held() == {"LumeDesk x": "two €𝄞"}, "and no copy of the old"
    keychain.remove("x")
    keychain.remove("x")
    assert keychain.read("x") is None
    assert service.held() == {}


def test_a_secret_of_the_longest_length_is_kept(keychain: Keychain) -> None:
    longest = "𝄞" * (MAX_UNITS // 2)
    keychain.write("x", Secret(longest))
    assert keychain.read("x") == Secret(longest)


def test_every_copy_of_an_entry_is_removed(service: SecretService, keychain: Keychain) -> None:
    with service.collection() as collection:
        for application in ("another", "a third"):
            attributes = {"service": "LumeDesk x", "username": "LumeDesk", "application": application}
            collection.create_item("copy", attributes, b"canary")
    keychain.write("other", Secret("stays"))
    keychain.remove("x")
    assert service.held() == {"LumeDesk other": "stays"}


def test_an_entry_of_somebody_elses_under_the_same_name_is_told(service: SecretService, keychain: Keychain) -> None:
    """Two items answer to the name; which one is read is the service's choice, and it may not be ours."""
    with service.collection() as collection:
        attributes = {"service": "LumeDesk x", "username": "LumeDesk", "application": "another"}
        collection.create_item("copy", attributes, b"theirs")
    told = ""
    try:
        keychain.write("x", Secret("ours"))
    except NotKept as trouble:
        told = str(trouble)
    if told:
        assert "LumeDesk x" in told
    else:
        assert keychain.read("x") == Secret("ours")


@each_call
def test_locked_with_nobody_to_ask_is_locked(
    service: SecretService, keychain: Keychain, call: Callable[[Keychain], object]
) -> None:
    service.lock()
    with pytest.raises(KeychainLocked, match="gcr"):
        call(keychain)


@each_call
def test_a_closed_question_is_denied(
    service: SecretService, keychain: Keychain, call: Callable[[Keychain], object]
) -> None:
    service.lock()
    with service.prompter() as prompter:
        prompter.dismiss()
        with pytest.raises(KeychainDenied):
            call(keychain)
        assert prompter.questions == 1


@each_call
def test_the_right_password_lets_the_call_go_on(
    service: SecretService, keychain: Keychain, call: Callable[[Keychain], object]
) -> None:
    service.lock()
    with service.prompter() as prompter:
        prompter.enter(PASSWORD)
        call(keychain)
        call(keychain)
        assert prompter.questions == 1, "asked once"


def test_the_stand_in_is_understood_whatever_number_it_draws_first(
    service: SecretService, keychain: Keychain, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal, draw = stand_in._sealed, stand_in._drawn

    def unlucky(password: str, request: str) -> str:
        theirs = int.from_bytes(b64decode(request.partition("public=")[2].partition("\n")[0]), "big")
        numbers = iter(draw, None)
        first = next(mine for mine in numbers if pow(theirs, mine, stand_in._PRIME).to_bytes(192, "big")[0] == 0)
        monkeypatch.setattr(stand_in, "_drawn", chain([first], numbers).__next__)
        monkeypatch.setattr(stand_in, "_sealed", seal)
        return seal(password, request)

    monkeypatch.setattr(stand_in, "_sealed", unlucky)
    service.lock()
    with service.prompter() as prompter:
        prompter.enter(PASSWORD)
        keychain.read("x")
        assert prompter.questions == 1


def test_a_question_that_nobody_answers_ends(
    service: SecretService, keychain: Keychain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROMPT_S", 0.1)
    service.lock()
    with service.prompter() as prompter:
        with pytest.raises(KeychainLocked, match="Nobody answered"):
            keychain.read("x")
        assert prompter.questions == 1


def test_credentials_survive_a_lock_in_the_middle(
    service: SecretService, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.keep(OLD)
    write = vault.keychain.write

    def then_lock(entry: str, secret: Secret) -> None:
        write(entry, secret)
        service.lock()

    monkeypatch.setattr(vault.keychain, "write", then_lock)
    with pytest.raises(KeychainLocked):
        vault.keep(NEW)
    monkeypatch.undo()
    service.use(monkeypatch)
    with service.prompter() as prompter:
        prompter.enter(PASSWORD)
        assert vault.credentials() == NEW


def test_no_collection_and_nobody_to_ask_for_its_password_is_locked(service: SecretService, keychain: Keychain) -> None:
    with service.collection() as collection:
        collection.delete()
    with pytest.raises(KeychainLocked):
        keychain.write("x", Secret("canary"))


def test_no_collection_and_the_question_for_its_password_closed_is_denied(
    service: SecretService, keychain: Keychain
) -> None:
    with service.collection() as collection:
        collection.delete()
    with service.prompter() as prompter:
        prompter.dismiss()
        with pytest.raises(KeychainDenied):
            keychain.write("x", Secret("canary"))


@each_call
def test_a_service_that_ended_is_no_keychain(
    service: SecretService, keychain: Keychain, call: Callable[[Keychain], object]
) -> None:
    service.stop()
    with pytest.raises(NoKeychain):
        call(keychain)
    with pytest.raises(NoKeychain, match="gnome-keyring"):
        system_keychain()


@pytest.mark.parametrize(
    "address", [None, "", "unix:path=/nowhere/bus", "tcp:host=127.0.0.1,port=1", "nonsense", "unix:path"]
)
def test_without_a_bus_there_is_no_keychain(
    service: SecretService, keychain: Keychain, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with pytest.raises(NoKeychain, match="Secret Service"):
        system_keychain()
    with pytest.raises(KeychainTrouble):
        keychain.read("x")


def test_a_value_that_is_not_text_is_not_ours(
    service: SecretService, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    with service.collection() as collection:
        attributes = {"service": "LumeDesk ab12/credentials", "username": "LumeDesk", "application": "LumeDesk"}
        collection.create_item("odd", attributes, b"\xff\xfecanary")
    with caplog.at_level(logging.DEBUG):
        assert vault.credentials() is None
    assert "LumeDesk ab12/credentials" in caplog.text
    assert "canary" not in caplog.text
    vault.keep(NEW)
    assert vault.credentials() == NEW


def test_two_threads_take_turns_in_a_vault(vault: Vault) -> None:
    vault.keep(OLD)
    read: list[Credentials | None] = []
    reader = threading.Thread(target=lambda: read.extend(vault.credentials() for _ in range(5)))
    reader.start()
    for _ in range(3):
        vault.keep(NEW)
    reader.join()
    assert len(read) == 5
    assert all(each in (OLD, NEW) for each in read)


def test_a_service_of_a_tests_own_leaves_nothing() -> None:
    with secret_service() as service:
        folder = service.home.parent
        assert folder.exists()
    assert not folder.exists()


def test_an_empty_bus_has_no_keychain(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    other = service.home.parent / "other"
    other.mkdir()
    with private_bus(other) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(NoKeychain):
            system_keychain()
