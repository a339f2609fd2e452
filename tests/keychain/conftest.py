"""A Secret Service of the test's own, and the keychain that the desk finds there."""

from collections.abc import Iterator

import pytest

from lumedesk.keychain import Keychain, Vault, system_keychain
from tests.support.secret_service import SecretService, secret_service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


@pytest.fixture
def keychain(service: SecretService) -> Keychain:
    return system_keychain()


@pytest.fixture
def vault(keychain: Keychain) -> Vault:
    return Vault(keychain, "ab12")
