"""One open profile at work: its desk, the lock in front of it, and the dialogs that reach beyond its data."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal, qVersion
from PySide6.QtWidgets import QApplication

from lumedesk.app import PAINTED_WITHIN_MS, Desk
from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import OPEN, State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.lock import Reason
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Vault
from lumedesk.views.gateway import Gateway
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.work.capture import block_capture
from lumedesk.work.locking import Locking
from lumedesk.work.session import Connection

if TYPE_CHECKING:
    # Dialogs are loaded when they are opened.
    from lumedesk.exports.support import Part
    from lumedesk.views.cover import Cover
    from lumedesk.views.dialogs.dialog import Dialog
    from lumedesk.views.dialogs.key import KeyDialog
    from lumedesk.views.dialogs.profiles import ProfilesDialog
    from lumedesk.views.dialogs.security import SecurityDialog
    from lumedesk.views.gate import GateWindow
    from lumedesk.work.keys import Keys

_UNDER_WAY = frozenset({State.ARMED, State.SENDING})
_ASKS_FOR_KEY = {
    Connection.REFUSED: "The server doesn't accept the API key any more.",
    Connection.STRANGER: "The key that is in use belongs to somebody else: it sees none of this profile's accounts.",
}


class NotSaved(DeskError):
    """A file that could not be written."""

    title = "The file was not written"
    advice = "Choose another place."


class Workplace(QObject):
    """Puts the gate in front of the desk and takes it away again."""

    # (str): another profile is to be opened. UI thread.
    profile_wanted = Signal(str)
    # A further profile is to be made. UI thread.
    setup_wanted = Signal()
    # (str, bool): a profile is to be removed, True with its records. UI thread.
    removal_wanted = Signal(str, bool)

    def __init__(
        self, desk: Desk, gate: Gateway, locking: Locking, profile: Profile, vault: Vault, data_dir: Path
    ) -> None:
        super().__init__()
        self.desk = desk
        self.window = desk.window
        self._gate = gate
        self._locking = locking
        self._profile = profile
        self._data_dir = data_dir
        self._cover: Cover | None = None
        self._key_dialog: KeyDialog | None = None
        self._profiles: ProfilesDialog | None = None
        self._security: SecurityDialog | None = None
        self._is_watching = False
        self._is_closed = False
        session = desk.session
        self._vault = vault
        gate.bind(self._listen)
        locking.locked.connect(self._lock)
        locking.unlocked.connect(self._unlock)
        locking.away.connect(self._drop_quote)
        locking.passphrase_wanted.connect(self.open_security)
        locking.changed.connect(self._block_capture)
        session.connection_changed.connect(self._ask_for_key)
        self._clipboard = Clipboard.of(_application())
        self._clipboard.swapped.connect(self.tell)
        self.window.lock_wanted.connect(partial(locking.lock, Reason.ASKED))
        self.window.security_wanted.connect(self.open_security)
        self.window.key_wanted.connect(self.open_key)
        self.window.profiles_wanted.connect(self.open_profiles)
        self.window.support_wanted.connect(self.open_support)
        self.window.key_action.setVisible(session.can_change_key and not profile.is_sandbox)
        _application().focusWindowChanged.connect(self._block_capture)

    @cached_property
    def keys(self) -> "Keys":
        """The key of the profile."""
        from lumedesk.work.keys import Keys

        return Keys(self.desk.engine, self.desk.session, self._profile, self._vault, self)

    def _listen(self, gate: "GateWindow") -> None:
        gate.passphrase_entered.connect(self._locking.try_passphrase)
        self._locking.refused.connect(gate.show_refusal)

    def show(self) -> None:
        """Show the desk in place of the gate."""
        self.desk.watch_for_defects()
        self.window.show()
        self._gate.hide()
        self._block_capture()
        # To hear of every event, and of the system's own lock, takes 10 ms that the first rows needn't wait for.
        self.window.page_painted.connect(self._watch)
        QTimer.singleShot(PAINTED_WITHIN_MS, self, self._watch)

    def _watch(self) -> None:
        if not self._is_watching and not self._is_closed:
            self._is_watching = True
            self._locking.start()

    @property
    def is_sending(self) -> bool:
        """Whether an order's answer is being waited for."""
        return any(each.state in _UNDER_WAY for each in self.desk.session.movements.intents)

    @property
    def is_busy(self) -> bool:
        """Whether something would be lost or go unseen if another profile took this one's place now."""
        return self.is_sending or self.window.dialog is not None or self._cover is not None

    @property
    def open_orders(self) -> str:
        """How many orders are not settled, in words; empty when all are."""
        count = sum(each.state in OPEN for each in self.desk.session.movements.intents)
        return "" if not count else "An order isn't settled." if count == 1 else f"{count} orders aren't settled."

    def close(self) -> None:
        """End the desk."""
        self._is_closed = True
        if self._cover is not None:
            self._cover.forget()
        self._clipboard.swapped.disconnect(self.tell)
        _application().focusWindowChanged.disconnect(self._block_capture)
        self.desk.close()

    def tell(self, words: str) -> None:
        """Say something that needs to be seen."""
        self.window.notices.warn(words)

    def tell_removed(self, words: str = "") -> None:
        """Say that another profile was removed, or in `words` why it wasn't."""
        dialog = self._profiles
        if dialog is None or not _is_open(dialog):
            self.tell(words)
        elif words:
            dialog.show_failure(words)
        else:
            from lumedesk.store.profiles import list_profiles

            dialog.show_profiles(list_profiles(self._data_dir))

    # The lock

    def _lock(self, why: str) -> None:
        if self._cover is not None:
            return
        self.window.drop_quote()
        self._clipboard.clear_if_ours()
        from lumedesk.views.cover import Cover

        gate = self._gate.window
        gate.setGeometry(self.window.geometry())
        gate.ask_passphrase(why, self._locking.wait_s)
        gate.show()
        self._cover = Cover(gate)

    def _unlock(self) -> None:
        if self._cover is None:
            return
        self._cover.lift()
        self._cover = None
        self._gate.hide()
        self._ask_for_key(self.desk.session.connection)

    def _drop_quote(self, _reason: Reason) -> None:
        self.window.drop_quote()

    def _block_capture(self, _window: object = None) -> None:
        # Each window for itself, and again whenever another one comes to the front.
        for each in QApplication.topLevelWidgets():
            if each.isVisible():
                block_capture(each, self._locking.settings.blocks_capture)

    # Dialogs

    def open_security(self) -> None:
        """Open the dialog for the passphrase and when it is asked for."""
        from lumedesk.views.dialogs.security import SecurityDialog

        if not _is_open(self._security):
            self._security = SecurityDialog(self._locking, self.window)
            self._open(self._security)

    def open_key(self) -> None:
        """Open the dialog that replaces the API key."""
        self._open_key("")

    def open_profiles(self) -> None:
        """Open the list of all profiles."""
        from lumedesk.store.profiles import list_profiles
        from lumedesk.views.dialogs.profiles import ProfilesDialog

        listed = list_profiles(self._data_dir)
        dialog = ProfilesDialog(listed, self._profile.name, self.desk.look, self.window)
        dialog.open_wanted.connect(self.profile_wanted)
        dialog.add_wanted.connect(self.setup_wanted)
        dialog.remove_wanted.connect(self.removal_wanted)
        self._profiles = dialog
        self._open(dialog)

    def open_support(self) -> None:
        """Open the dialog that shows what a support bundle holds."""
        from lumedesk.exports.support import support_bundle
        from lumedesk.logs import default_log_dir

        facts, folder, qt = self._facts(), default_log_dir(), qVersion() or ""

        async def gather() -> "list[Part]":
            import asyncio

            return await asyncio.to_thread(support_bundle, facts, folder, qt=qt)

        def show(parts: "list[Part]") -> None:
            from lumedesk.views.dialogs.support import SupportDialog

            self._open(SupportDialog(parts, self._write_bundle, self.window))

        self.desk.engine.submit(gather(), self, show)

    def _open(self, dialog: "Dialog") -> None:
        if self._cover is None:
            self.window.open_dialog(dialog)
        else:
            dialog.deleteLater()

    def _ask_for_key(self, connection: Connection) -> None:
        words = _ASKS_FOR_KEY.get(connection)
        if words and self._cover is None and self.window.key_action.isVisible():
            self._open_key(words)

    def _open_key(self, why: str) -> None:
        from lumedesk.views.dialogs.key import KeyDialog

        if not _is_open(self._key_dialog):
            self._key_dialog = KeyDialog(self.keys, self.desk.look, self.window, why)
            self._open(self._key_dialog)

    def _facts(self) -> dict[str, object]:
        session = self.desk.session
        counts = {kind.table: len(session.records(kind)) for kind in Kind if not kind.is_history}
        return {
            "profile": self._profile.kind.value,
            "view only": self._profile.is_view_only,
            "proxy": bool(self._profile.proxy),
            "extra CA": bool(self._profile.extra_ca),
            "connection": session.connection.value,
            "keychain": self.keys.keychain_name,
            "passphrase": self._locking.has_passphrase,
            **counts,
        }

    def _write_bundle(
        self,
        parts: Sequence[tuple[str, str]],
        file: Path,
        owner: QObject,
        done: Callable[[object], None],
        failed: Callable[[DeskError], None],
    ) -> object:
        import asyncio

        from lumedesk.exports.support import write_bundle

        async def write() -> None:
            try:
                await asyncio.to_thread(write_bundle, parts, file)
            except OSError as error:
                raise NotSaved(f"{file.name}: {error.strerror}") from error

        return self.desk.engine.submit(write(), owner, done, failed)


def _is_open(dialog: "Dialog | None") -> bool:
    return dialog is not None and shiboken6.isValid(dialog) and dialog.isVisible()


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("there is no application")
    return app
