"""A profile's secrets: what is kept, what is never replaced, and what isn't ours. On a keychain in memory."""

import logging

import pytest

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import (
    MAX_UNITS,
    AlreadyKept,
    KeychainDenied,
    MemoryKeychain,
    NotRemoved,
    SecretTooLong,
    Vault,
)

OLD = Credentials("old-key", Secret("old-canary"))
NEW = Credentials("new-key", Secret('new "canary" €'))


@pytest.fixture
def keychain() -> MemoryKeychain:
    return MemoryKeychain()


@pytest.fixture
def vault(keychain: MemoryKeychain) -> Vault:
    return Vault(keychain, "ab12")


def test_credentials_are_kept_rotated_and_forgotten(keychain: MemoryKeychain, vault: Vault) -> None:
    assert vault.credentials() is None
    vault.keep(OLD)
    assert vault.credentials() == OLD
    vault.keep(NEW)
    assert vault.credentials() == NEW
    assert keychain.read("ab12/credentials/next") is None
    vault.make_store_key()
    vault.forget()
    assert (vault.credentials(), vault.store_key()) == (None, None)
    vault.forget()


def test_profiles_share_nothing(keychain: MemoryKeychain, vault: Vault) -> None:
    other = Vault(keychain, "cd34")
    vault.keep(OLD)
    assert other.credentials() is None
    other.keep(NEW)
    other.forget()
    assert vault.credentials() == OLD


def test_what_waits_in_the_second_entry_wins_and_is_put_in_place(keychain: MemoryKeychain, vault: Vault) -> None:
    vault.keep(NEW)
    new = keychain.read("ab12/credentials")
    assert new is not None
    vault.keep(OLD)
    keychain.write("ab12/credentials/next", new)
    assert vault.credentials() == NEW
    assert keychain.read("ab12/credentials") == new
    assert keychain.read("ab12/credentials/next") is None


def test_what_cannot_be_put_in_place_is_used_all_the_same(
    keychain: MemoryKeychain, vault: Vault, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    vault.keep(NEW)
    new = keychain.read("ab12/credentials")
    assert new is not None
    keychain.remove("ab12/credentials")
    keychain.write("ab12/credentials/next", new)

    def refuse(entry: str, secret: Secret) -> None:
        raise KeychainDenied("no")

    monkeypatch.setattr(keychain, "write", refuse)
    assert vault.credentials() == NEW
    assert keychain.read("ab12/credentials/next") == new
    assert "KeychainDenied" in caplog.text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "canary",
        "null",
        "[]",
        "[" * 1200,
        '{"key":"canary"}',
        '{"key":"canary","secret":null}',
        '{"key":1,"secret":"canary"}',
        '{"key":"a","secret":"canary","more":1}',
        '{"key":"canary","secret":"cut',
    ],
)
def test_what_is_not_ours_is_none_and_told_without_the_value(
    keychain: MemoryKeychain, vault: Vault, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    keychain.write("ab12/credentials", Secret(value))
    with caplog.at_level(logging.DEBUG):
        assert vault.credentials() is None
    assert "ab12/credentials" in caplog.text
    assert "canary" not in caplog.text
    keychain.write("ab12/credentials/next", Secret(value))
    vault.keep(NEW)
    assert vault.credentials() == NEW


def test_a_second_entry_that_is_not_ours_does_not_win(keychain: MemoryKeychain, vault: Vault) -> None:
    vault.keep(OLD)
    keychain.write("ab12/credentials/next", Secret('{"key":"cut'))
    assert vault.credentials() == OLD


def test_credentials_that_are_too_long_change_nothing(keychain: MemoryKeychain, vault: Vault) -> None:
    vault.keep(OLD)
    with pytest.raises(SecretTooLong, match=r"1,31\d characters long; an entry holds 1,280"):
        vault.keep(Credentials("key", Secret("x" * 1290)))
    assert vault.credentials() == OLD
    assert keychain.read("ab12/credentials/next") is None


@pytest.mark.parametrize("letter", ["x", "é", "€", "𝄞"])
def test_memory_has_the_same_limit_in_units_of_utf_16(keychain: MemoryKeychain, letter: str) -> None:
    most = MAX_UNITS // (len(letter.encode("utf-16-le")) // 2)
    keychain.write("x", Secret(letter * most))
    with pytest.raises(SecretTooLong):
        keychain.write("x", Secret(letter * most + "x"))
    assert keychain.read("x") == Secret(letter * most)


def test_a_store_key_is_made_once(vault: Vault) -> None:
    assert vault.store_key() is None
    key = vault.make_store_key()
    assert len(bytes.fromhex(key.reveal())) == 32
    assert vault.store_key() == key
    with pytest.raises(AlreadyKept):
        vault.make_store_key()
    assert vault.store_key() == key
    vault.keep(NEW)
    assert vault.store_key() == key, "rotating leaves it alone"


def test_two_store_keys_differ() -> None:
    assert Vault(MemoryKeychain(), "a").make_store_key() != Vault(MemoryKeychain(), "a").make_store_key()


def test_a_recovered_store_key_goes_back_only_where_none_is(vault: Vault) -> None:
    recovered, another = Secret("0a" * 32), Secret("0b" * 32)
    vault.keep_store_key(recovered)
    vault.keep_store_key(recovered)
    assert vault.store_key() == recovered
    with pytest.raises(AlreadyKept):
        vault.keep_store_key(another)
    assert vault.store_key() == recovered


@pytest.mark.parametrize("value", ["", "0a" * 31, "0a" * 33, "0g" * 32, "0a" * 32 + "\n", "٠a" * 32])
def test_what_is_no_store_key_is_not_used_and_not_replaced_by_a_fresh_one(
    keychain: MemoryKeychain, vault: Vault, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    with pytest.raises(ValueError, match="not a store's key"):
        vault.keep_store_key(Secret(value))
    keychain.write("ab12/store-key", Secret(value))
    assert vault.store_key() is None
    assert "ab12/store-key" in caplog.text
    with pytest.raises(AlreadyKept):
        vault.make_store_key()
    assert keychain.read("ab12/store-key") == Secret(value)
    recovered = Secret("0a" * 32)
    vault.keep_store_key(recovered)
    assert vault.store_key() == recovered, "one that opened the store is better than what isn't one"


@pytest.mark.parametrize("entry", ["credentials", "credentials/next", "store-key"])
def test_what_stays_after_forgetting_is_told(
    keychain: MemoryKeychain, vault: Vault, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    vault.keep(OLD)
    keychain.write(f"ab12/{entry}", Secret("stuck"))
    remove = keychain.remove
    monkeypatch.setattr(keychain, "remove", lambda name: None if name == f"ab12/{entry}" else remove(name))
    with pytest.raises(NotRemoved, match=f"LumeDesk ab12/{entry}”"):
        vault.forget()


def test_memory_does_not_last() -> None:
    assert not MemoryKeychain().is_lasting
    assert "memory" in MemoryKeychain().name
