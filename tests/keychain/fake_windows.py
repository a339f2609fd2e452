"""Stands for Windows' credential calls (CredRead, CredWrite, CredDelete) under keyring's real backend."""

from types import SimpleNamespace
from typing import Any

import pytest


class error(Exception):  # noqa: N801 - pywin32's name
    """As pywintypes.error: no subclass of OSError, the system's number as `winerror`."""

    def __init__(self, winerror: int, funcname: str, strerror: str) -> None:
        super().__init__(winerror, funcname, strerror)
        self.winerror, self.funcname, self.strerror = winerror, funcname, strerror


class FakeCredentials:
    """The credentials of one Windows user, by target."""

    CRED_TYPE_GENERIC = 1
    CRED_PERSIST_SESSION = 1
    CRED_PERSIST_LOCAL_MACHINE = 2
    CRED_PERSIST_ENTERPRISE = 3

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.status = 0  # what the system answers to everything, if not 0

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make this computer a Windows one, as far as the keychain is concerned."""
        from keyring.backends import Windows

        monkeypatch.setattr("platform.system", lambda: "Windows")
        monkeypatch.setattr(Windows, "missing_deps", False)
        monkeypatch.setattr(Windows, "win32cred", self, raising=False)
        monkeypatch.setattr(Windows, "pywintypes", SimpleNamespace(error=error), raising=False)

    def CredRead(self, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N802, N803 - Windows' names
        self._refuse("CredRead")
        if TargetName.casefold() not in self.held:
            raise error(1168, "CredRead", "Element not found.")
        return dict(self.held[TargetName.casefold()])

    def CredWrite(self, credential: dict[str, Any], flags: int) -> None:  # noqa: N802 - Windows' name
        self._refuse("CredWrite")
        blob = credential["CredentialBlob"].encode("utf-16-le")
        if len(blob) > 2560:
            raise error(1783, "CredWrite", "The stub received bad data.")
        self.writes += 1
        self.held[credential["TargetName"].casefold()] = credential | {"CredentialBlob": blob}

    def CredDelete(self, Type: int, TargetName: str) -> None:  # noqa: N802, N803 - Windows' names
        self._refuse("CredDelete")
        if self.held.pop(TargetName.casefold(), None) is None:
            raise error(1168, "CredDelete", "Element not found.")

    def _refuse(self, function: str) -> None:
        if self.status:
            raise error(self.status, function, "c4nary: a text that may quote a secret")
