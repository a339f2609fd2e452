"""Gets what a profile needs before its desk can open: its passphrase, the key of its records, its API key."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, KeychainTrouble, MemoryKeychain, Vault
from lumedesk.store.paths import ProfilePaths
from lumedesk.views.gate import Choice, GateWindow
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.keys import KeychainFailed, apart
from lumedesk.work.locking import Locking
from lumedesk.work.profiles import has_records

_TRY = ("try", "Try again", "primary")
_ONCE = ("once", "Enter the key for this run", "")
_OFFLINE = ("offline", "Work offline", "")
_ANEW = ("anew", "Open without the old records", "")
# What can be chosen at each closed gate; whoever put the gate up does it.
PROFILES = ("profiles", "Other profiles…", "")
QUIT = ("quit", "Quit LumeDesk", "")

_WAITING = "Waiting for the system's keychain. It may ask for its password in a window of its own."
_LOST = (
    "The keychain no longer holds the key that this profile's records are encrypted with, and no passphrase was set that"
    " would open them. Put the keychain back from a backup if you can. Without its key, orders that are still in doubt"
    " can't be seen here: the desk opens, but sends nothing until you have set the old records aside."
)
_NO_KEY = "The keychain holds no API key for this profile. Enter it once; it is kept in {}."
_SIGNED_OUT = "The desk doesn't have this profile's secrets, so nothing of it is shown."
_FOR_THIS_RUN = (
    "The key stays in this computer's memory until LumeDesk is closed, and is asked for again at the next start."
)


@dataclass(frozen=True, slots=True)
class Found:
    """All that the desk needs. `credentials` None is for the sandbox and for working offline."""

    store_key: Secret
    vault: Vault
    credentials: Credentials | None
    offline: bool


class Opening(QObject):
    """One attempt to open a profile, in the gate's window. The keychain is only ever asked on a thread of its own."""

    # (Found)
    ready = Signal(object)

    def __init__(
        self,
        gate: GateWindow,
        engine: Engine,
        locking: Locking,
        profile: Profile,
        paths: ProfilePaths,
        keychain: Callable[[], Keychain],
        *,
        offline: bool,
        is_owner: bool,
        parent: QObject,
    ) -> None:
        """Without `is_owner`, another process has the profile: what it keeps is read, and nothing is asked for or written."""
        super().__init__(parent)
        self._gate = gate
        self._engine = engine
        self._locking = locking
        self._profile = profile
        self._paths = paths
        self._keychain = keychain
        self._offline = offline or not is_owner
        self._is_owner = is_owner
        self._is_closed = False
        self._credentials: Credentials | None = None
        self._vault = Vault(MemoryKeychain(), profile.id)
        self._choices: dict[str, Callable[[], None]] = {
            "try": self._begin,
            "once": self._ask_for_this_run,
            "offline": self._go_offline,
            "anew": self._make_key,
            "cancel": self._stay_out,
        }
        self._ticket: Ticket[Any] | None = None
        gate.passphrase_entered.connect(locking.try_passphrase)
        gate.chosen.connect(self._choose)
        gate.key_entered.connect(self._take_key)
        locking.refused.connect(gate.show_refusal)
        locking.unlocked.connect(self._look)

    def start(self) -> None:
        """Ask for what is missing; `ready` follows."""
        self._begin()

    def close(self) -> None:
        """Hear nothing of the gate or the keychain any more."""
        if self._is_closed:
            return
        self._is_closed = True
        self._drop_ticket()
        self._gate.passphrase_entered.disconnect(self._locking.try_passphrase)
        self._gate.chosen.disconnect(self._choose)
        self._gate.key_entered.disconnect(self._take_key)
        self._locking.refused.disconnect(self._gate.show_refusal)
        self._locking.unlocked.disconnect(self._look)

    def _begin(self) -> None:
        if self._locking.trouble:
            self._tell("The passphrase can't be checked", self._locking.trouble, "", [])
        elif self._locking.is_locked:
            self._gate.ask_passphrase(self._locking.why, self._locking.wait_s)
            self._gate.show()
        else:
            self._look()

    def _tell(self, title: str, advice: str, detail: str, choices: list[Choice]) -> None:
        self._gate.show_trouble(title, advice, detail, [*choices, PROFILES, QUIT])
        self._gate.show()

    def _ask_key(self, words: str) -> None:
        self._gate.ask_key(words)
        self._gate.show()

    def _choose(self, name: str) -> None:
        if name in self._choices:
            self._choices[name]()

    # The keychain

    def _look(self) -> None:
        if self._profile.is_sandbox:
            # Invented money: its records are a throwaway, and so is the key to them.
            self._finish(Secret(secrets.token_hex(32)), None)
            return
        self._ask(self._read, self._take_found)

    def _read(self) -> tuple[Vault, Credentials | None, Secret | None]:
        vault = Vault(self._keychain(), self._profile.id)
        known = self._locking.store_key
        if not self._is_owner:
            return vault, None, known or vault.store_key()
        credentials, key = vault.credentials(), vault.store_key()
        if key is None and known is not None:
            vault.keep_store_key(known)
        return vault, credentials, known or key

    def _ask(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        async def asked() -> Any:
            try:
                return await apart(call)
            except KeychainTrouble as trouble:
                raise KeychainFailed(trouble) from trouble

        self._gate.show_busy(_WAITING)
        self._gate.show()
        self._ticket = self._engine.submit(asked(), self, done, self._take_trouble)

    def _drop_ticket(self) -> None:
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def _stay_out(self) -> None:
        """Signed out: nothing of the profile is shown, and every way in is offered."""
        self._drop_ticket()
        self._tell("Not signed in", _SIGNED_OUT, "", self._ways_in())

    def _ways_in(self) -> list[Choice]:
        # Where the passphrase opened the records, the desk can do without the keychain.
        return [_TRY] if self._locking.store_key is None else [_TRY, _ONCE, _OFFLINE]

    def _take_found(self, found: tuple[Vault, Credentials | None, Secret | None]) -> None:
        self._vault, self._credentials, key = found
        if key is not None:
            self._take_store_key(key)
        elif has_records(self._paths) or not self._is_owner:
            choices = [_TRY, _ANEW] if self._is_owner else [_TRY]
            self._tell("The key to this profile's records is gone", _LOST, "", choices)
        else:
            self._make_key()

    def _make_key(self) -> None:
        self._ask(self._vault.make_store_key, self._take_store_key)

    def _take_store_key(self, key: Secret) -> None:
        self._locking.store_key = key
        if self._credentials is not None or self._offline:
            self._finish(key, self._credentials)
        else:
            self._ask_key(_NO_KEY.format(self._vault.keychain.name))

    def _take_trouble(self, error: DeskError) -> None:
        self._tell(error.title, error.advice, error.detail, self._ways_in())

    # Without it

    def _ask_for_this_run(self) -> None:
        self._vault = Vault(MemoryKeychain(), self._profile.id)
        self._locking.is_only_way_in = True
        self._ask_key(_FOR_THIS_RUN)

    def _go_offline(self) -> None:
        self._offline = True
        if self._locking.store_key is not None:
            self._finish(self._locking.store_key, None)

    def _take_key(self, credentials: Credentials) -> None:
        if credentials.problem:
            self._ask_key(credentials.problem)
            return
        self._ask(partial(self._vault.keep, credentials), lambda _nothing: self._take_kept(credentials))

    def _take_kept(self, credentials: Credentials) -> None:
        key = self._locking.store_key
        if key is not None:
            self._finish(key, credentials)

    def _finish(self, key: Secret, credentials: Credentials | None) -> None:
        self._locking.store_key = key
        self.close()
        self.ready.emit(Found(key, self._vault, credentials, self._offline))
