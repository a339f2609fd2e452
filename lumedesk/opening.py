"""Gets what a profile needs before its desk can open: its passphrase, the key of its records, its API key."""

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, MemoryKeychain, Vault
from lumedesk.store.paths import ProfilePaths
from lumedesk.views.gateway import Gateway
from lumedesk.work.apart import Errand
from lumedesk.work.locking import Locking

if TYPE_CHECKING:
    from lumedesk.views.gate import Choice, GateWindow

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
# A keychain that is open answers before anyone could read that it is being waited for.
_WAIT_MS = 400
_FOR_THIS_RUN = (
    "The key stays in this computer's memory until LumeDesk is closed, and is asked for again at the next start."
)


class Found(NamedTuple):
    """All that the desk needs. `credentials` None is for the sandbox and for working offline."""

    store_key: Secret
    vault: Vault
    credentials: Credentials | None
    offline: bool


class Opening(QObject):
    """One attempt to open a profile, in the gate's window. The keychain is only ever asked on a thread of its own."""

    # (Found)
    ready = Signal(object)
    # Something is in the way, and the gate tells it. UI thread.
    gate_shown = Signal()

    def __init__(
        self,
        gate: Gateway,
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
        self._errand: Errand | None = None
        self._waits = QTimer(self)
        self._waits.setSingleShot(True)
        self._waits.setInterval(_WAIT_MS)
        self._waits.timeout.connect(self._show_waiting)
        gate.bind(self._listen)
        locking.unlocked.connect(self._look)

    def start(self) -> None:
        """Ask for what is missing; `ready` follows."""
        self._begin()

    def close(self) -> None:
        """Hear nothing of the gate or the keychain any more."""
        if self._is_closed:
            return
        self._is_closed = True
        self._drop_errand()
        self._gate.unbind(self._listen, self._listen_no_more)
        self._locking.unlocked.disconnect(self._look)

    def _listen(self, gate: "GateWindow") -> None:
        gate.passphrase_entered.connect(self._locking.try_passphrase)
        gate.chosen.connect(self._choose)
        gate.key_entered.connect(self._take_key)
        self._locking.refused.connect(gate.show_refusal)

    def _listen_no_more(self, gate: "GateWindow") -> None:
        gate.passphrase_entered.disconnect(self._locking.try_passphrase)
        gate.chosen.disconnect(self._choose)
        gate.key_entered.disconnect(self._take_key)
        self._locking.refused.disconnect(gate.show_refusal)

    def _begin(self) -> None:
        if self._locking.trouble:
            self._tell("The passphrase can't be checked", self._locking.trouble, "", [])
        elif self._locking.is_locked:
            self._gate.window.ask_passphrase(self._locking.why, self._locking.wait_s)
            self._show_gate()
        else:
            self._look()

    def _tell(self, title: str, advice: str, detail: str, choices: "list[Choice]") -> None:
        self._gate.window.show_trouble(title, advice, detail, [*choices, PROFILES, QUIT])
        self._show_gate()

    def _ask_key(self, words: str) -> None:
        self._gate.window.ask_key(words)
        self._show_gate()

    def _show_gate(self) -> None:
        self._waits.stop()
        self._gate.window.show()
        self.gate_shown.emit()

    def _choose(self, name: str) -> None:
        if name in self._choices:
            self._choices[name]()

    # The keychain

    def _look(self) -> None:
        if self._profile.is_sandbox:
            # Invented money: its records are a throwaway, and so is the key to them.
            self._finish(Secret(os.urandom(32).hex()), None)
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
        if self._gate.is_made and self._gate.window.isVisible():
            self._show_waiting()
        else:
            self._waits.start()
        self._errand = Errand(call, self._told(done), self._told(self._take_trouble))

    def _told(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        def told(answer: Any) -> None:
            self._waits.stop()
            self._errand = None
            take(answer)

        return told

    def _show_waiting(self) -> None:
        self._gate.window.show_busy(_WAITING)
        self._show_gate()

    def _drop_errand(self) -> None:
        self._waits.stop()
        if self._errand is not None:
            self._errand.drop()
            self._errand = None

    def _stay_out(self) -> None:
        """Signed out: nothing of the profile is shown, and every way in is offered."""
        self._drop_errand()
        self._tell("Not signed in", _SIGNED_OUT, "", self._ways_in())

    def _ways_in(self) -> "list[Choice]":
        # Where the passphrase opened the records, the desk can do without the keychain.
        return [_TRY] if self._locking.store_key is None else [_TRY, _ONCE, _OFFLINE]

    def _take_found(self, found: tuple[Vault, Credentials | None, Secret | None]) -> None:
        self._vault, self._credentials, key = found
        if key is not None:
            self._take_store_key(key)
            return
        from lumedesk.work.profiles import has_records

        if has_records(self._paths) or not self._is_owner:
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
