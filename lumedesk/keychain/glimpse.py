"""Reads a profile's entries while the desk is still loading, in a process of its own, so that neither waits for the other.

To load what speaks to the Secret Service and to hear its answers takes as long as to load the desk's window. The child
only reads, and asks nobody for anything: where the keychain is locked, or is another one, it tells nothing, and the desk
asks in the usual way. What it read comes through a pipe between the two, and is used once.
"""

import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import Callable

from lumedesk.domain.credentials import Secret
from lumedesk.keychain.entries import Keychain
from lumedesk.keychain.system import SERVICE_NAME, look_quietly, system_keychain
from lumedesk.keychain.vault import entries_of

_PATIENCE_S = 3.0
_MOST_BYTES = 65_536
_CHUNK = 16_384


class Glimpse:
    """One look, begun at once. `keychain` is what the desk is handed in place of `system_keychain`."""

    def __init__(self, profile_id: str, first: Callable[[], object]) -> None:
        """To be made while the process has one thread only: it forks. Errors: OSError where it can't.

        `first` is what the child does before it holds a secret.
        """
        reading, writing = os.pipe()
        self._reading: int | None = reading
        self._child = os.fork()
        if self._child == 0:
            os.close(reading)
            _look(writing, profile_id, first)
        os.close(writing)

    def keychain(self) -> Keychain:
        """The system's keychain, with what was read already at hand. Blocks a little. Errors: NoKeychain."""
        told = self._hear()
        return system_keychain() if told is None else GlimpsedKeychain(told, system_keychain)

    def close(self) -> None:
        """End the child, if nobody wanted to hear it."""
        self._hear(patience_s=0.0)

    def _hear(self, patience_s: float = _PATIENCE_S) -> dict[str, Secret | None] | None:
        """What the child read, once; None where it told nothing."""
        reading, self._reading = self._reading, None
        if reading is None:
            return None
        body = b""
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while len(body) < _MOST_BYTES and select.select([pipe], [], [], patience_s)[0]:
                chunk = pipe.read(_CHUNK)
                if not chunk:
                    break
                body += chunk
            else:
                body = b""
        with contextlib.suppress(OSError):
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        try:
            told = json.loads(body)
        except ValueError:
            return None
        return {str(entry): None if value is None else Secret(value) for entry, value in told.items()}


class GlimpsedKeychain:
    """The Secret Service, whose entries were read before it was loaded. Each such reading is used once."""

    name = SERVICE_NAME
    is_lasting = True

    def __init__(self, told: dict[str, Secret | None], make: Callable[[], Keychain]) -> None:
        self._told = told
        self._make = make
        self._made: Keychain | None = None

    def read(self, entry: str) -> Secret | None:
        """The entry's secret; None where there is no such entry. Errors: KeychainTrouble."""
        return self._told.pop(entry) if entry in self._told else self._keychain().read(entry)

    def write(self, entry: str, secret: Secret) -> None:
        """Put the secret into the entry and read it back. Errors: KeychainTrouble."""
        self._told.pop(entry, None)
        self._keychain().write(entry, secret)

    def remove(self, entry: str) -> None:
        """Remove the entry; one that isn't there is no error. Errors: KeychainTrouble."""
        self._told.pop(entry, None)
        self._keychain().remove(entry)

    def _keychain(self) -> Keychain:
        if self._made is None:
            self._made = self._make()
        return self._made


def glimpse(profile_id: str, first: Callable[[], object]) -> Glimpse | None:
    """Begin to look, where that can be done: on Linux, before there are threads. None elsewhere.

    `first` is what the child does before it holds a secret.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        return Glimpse(profile_id, first)
    except OSError:
        return None


def _look(writing: int, profile_id: str, first: Callable[[], object]) -> None:
    """The child's whole life. Whatever goes wrong, it ends without a word."""
    try:
        first()
        # Nothing that a library may have to say belongs on the terminal twice.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        found = look_quietly(entries_of(profile_id))
        told = {entry: None if value is None else value.reveal() for entry, value in found.items()}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(told).encode())
    finally:
        os._exit(0)
