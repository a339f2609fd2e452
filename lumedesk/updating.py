"""Gives an open desk its notices of updates: makes what looks for them, and shows what came of it."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from lumedesk.app import Desk
from lumedesk.domain.profiles import Profile

if TYPE_CHECKING:
    # Loaded once the window is there: nobody waits for a notice of updates.
    from lumedesk.views.parts.update_notice import UpdateNotice
    from lumedesk.work.updates import Updates

# One for all profiles of this user, beside them.
_FILE = "updates.json"


class Updating(QObject):
    """Belongs to the desk's window, and goes with it."""

    def __init__(self, desk: Desk, profile: Profile, data_dir: Path) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._profile = profile
        self._path = data_dir / _FILE
        desk.window.updates_wanted.connect(self.open)
        desk.window.page_painted.connect(self._begin)

    @cached_property
    def updates(self) -> "Updates":
        """What is known of newer versions."""
        from lumedesk.work.updates import Updates, source_of_this_build

        desk = self._desk
        source, problem = source_of_this_build()
        made = Updates(desk.session, desk.engine, self._profile, self._path, source, problem=problem, parent=self)
        made.noticed.connect(self._tell)
        return made

    @cached_property
    def notice(self) -> "UpdateNotice":
        """The banner in the window."""
        from lumedesk.views.parts.update_notice import UpdateNotice

        made = UpdateNotice(self._desk.window)
        made.wanted.connect(self.open)
        return made

    def open(self) -> None:
        """Open the dialog on updates."""
        from lumedesk.views.dialogs.updates import UpdatesDialog

        if "notice" in self.__dict__:
            self.notice.say("")
        self._desk.window.open_dialog(UpdatesDialog(self.updates, self._desk.window))

    def _begin(self) -> None:
        # Without the file nobody chose anything, and nothing looks by itself.
        if self._path.exists():
            self._desk.engine.look_up(_load, self, self._watch, self._watch)

    def _watch(self, _outcome: object) -> None:
        """Made, it looks from time to time where the user chose that."""
        _ = self.updates

    def _tell(self) -> None:
        self.notice.say(self.updates.told, "warning" if self.updates.error else "moving")


def _load() -> None:
    """Import what looks for updates: on the UI thread it would stall the window that was only just painted."""
    import lumedesk.work.updates  # noqa: F401 - loaded for `updates`
