"""Stands for macOS's Security framework under keyring's real backend: one file of items, and a death between two calls."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_HOME = "keyring.backends.macOS.api"


class Error(Exception):
    """As keyring's own: the system's number first."""

    __module__ = _HOME


class NotFound(Error):
    __module__ = _HOME


class KeychainDenied(Error):
    __module__ = _HOME


class SecAuthFailure(Error):
    __module__ = _HOME


_KINDS: dict[int, type[Error]] = {
    -25300: NotFound,
    -128: KeychainDenied,
    -25293: SecAuthFailure,
    -67030: SecAuthFailure,
}


class FakeSecurity:
    """The three calls of keyring's macOS api, as it makes them: setting is deleting, then adding."""

    Error, NotFound, KeychainDenied, SecAuthFailure = Error, NotFound, KeychainDenied, SecAuthFailure

    def __init__(self, path: Path) -> None:
        self._path = path
        self.calls = 0
        self.status = 0  # what the system answers to everything, if not 0
        self.before: Callable[[int], None] = lambda _number: None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make this computer a Mac, as far as the keychain is concerned."""
        from keyring.backends import macOS as backend  # noqa: N813 - its own name

        monkeypatch.setattr("platform.system", lambda: "Darwin")
        monkeypatch.setattr(backend, "api", self, raising=False)

    def find_generic_password(self, keychain: Any, service: str, username: str) -> str:
        items = self._items()
        if (service + username) not in items:
            self._raise(-25300)
        return items[service + username]

    def set_generic_password(self, keychain: Any, service: str, username: str, password: str) -> None:
        items = self._items()
        if items.pop(service + username, None) is not None:
            self._path.write_text(json.dumps(items))
        items = self._items()
        items[service + username] = password
        self._path.write_text(json.dumps(items))

    def delete_generic_password(self, keychain: Any, service: str, username: str) -> None:
        items = self._items()
        if items.pop(service + username, None) is None:
            self._raise(-25300)
        self._path.write_text(json.dumps(items))

    def _items(self) -> dict[str, str]:
        self.calls += 1
        self.before(self.calls)
        if self.status:
            self._raise(self.status)
        items: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return items

    def _raise(self, status: int) -> None:
        raise _KINDS.get(status, Error)(status, "c4nary: a text that may quote a secret")
