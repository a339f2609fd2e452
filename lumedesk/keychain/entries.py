"""What a keychain is to the desk: named entries, each one secret. And the one that forgets them when the desk ends."""

from typing import Protocol

from lumedesk.domain.credentials import Secret
from lumedesk.keychain.trouble import SecretTooLong

# Windows holds 2,560 bytes of UTF-16 in an entry. The limit is everybody's, so that a profile can move to any computer.
MAX_UNITS = 1280


class Keychain(Protocol):
    """Named secrets. Every call blocks and may ask the operator something: never on the window's own thread.

    Errors: KeychainTrouble, from each call.
    """

    @property
    def name(self) -> str:
        """What people call it: “macOS Keychain”."""

    @property
    def is_lasting(self) -> bool:
        """True when the entries outlive this run."""

    def read(self, entry: str) -> Secret | None:
        """The entry's secret; None where there is no such entry."""

    def write(self, entry: str, secret: Secret) -> None:
        """Put the secret into the entry, whatever it held, and make sure by reading it back."""

    def remove(self, entry: str) -> None:
        """Remove the entry. One that isn't there is no error."""


class MemoryKeychain:
    """Keeps secrets for this run only: for the sandbox, and where the operator chose so for want of a keychain."""

    name = "this computer's memory"
    is_lasting = False

    def __init__(self) -> None:
        self._entries: dict[str, Secret] = {}

    def read(self, entry: str) -> Secret | None:
        """The entry's secret; None where there is no such entry."""
        return self._entries.get(entry)

    def write(self, entry: str, secret: Secret) -> None:
        """Put the secret into the entry. Errors: SecretTooLong."""
        refuse_too_long(secret)
        self._entries[entry] = secret

    def remove(self, entry: str) -> None:
        """Remove the entry, if it is there."""
        self._entries.pop(entry, None)


def refuse_too_long(secret: Secret) -> None:
    """Errors: SecretTooLong, for what an entry can't hold on each of the platforms."""
    # A character beyond U+FFFF is two units. Half of one is still counted: the keychain itself refuses it later.
    units = len(secret.reveal().encode("utf-16-le", "surrogatepass")) // 2
    if units > MAX_UNITS:
        raise SecretTooLong(f"It is {units:,} characters long; an entry holds {MAX_UNITS:,}.")
