"""Tells whether there is a newer LumeDesk, and where; looks when asked to. It neither downloads nor installs anything."""

import sys

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.releases import File, Notice, page_problem
from lumedesk.domain.text import shown
from lumedesk.models.texts import since
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.clipboard import copy_text
from lumedesk.views.parts.text import Label, ReadText
from lumedesk.views.parts.widgets import Banner, Card, button
from lumedesk.views.theme import UNIT, fixed_font
from lumedesk.work.updates import Updates

_NOTE = "LumeDesk tells you of a new version. It never downloads or installs one."
_ASKING = "Asking {}…"
_SENT = (
    "A check asks {host} for one file, the same for everybody. It sends no version, no name and no key; that server sees"
    " this computer's network address, as every server does."
)
_PLATFORMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MEGABYTE = 1_000_000
_TEXT_HEIGHT = 112
# What the system's own frame and bars may take.
_FRAME = 60


class UpdatesDialog(Dialog):
    """What is known of newer versions, and how it is found out."""

    def __init__(self, updates: Updates, parent: QWidget | None = None) -> None:
        super().__init__("updates", "Updates", _NOTE, parent)
        self._updates = updates
        self.message = Banner("updates-message")
        self.found = _Found()
        self.found.open_button.clicked.connect(self._open_page)
        self.found.copy_button.clicked.connect(self._copy_page)
        self.daily = QCheckBox("Check once a day")
        self.daily.setObjectName("updates-daily")
        self.daily.clicked.connect(self._choose_daily)
        self.daily_note = Label("", "caption", wraps=True)
        self.daily_note.setObjectName("updates-daily-note")
        self.ask_button = self.add_button("updates-ask", "Check now", "primary")
        self.ask_button.clicked.connect(updates.ask)
        self.close_button.setText("Close")
        self.body.addWidget(Label(f"This is LumeDesk {updates.running}.", "strong"))
        self.body.addWidget(self.message)
        self.body.addWidget(self.found)
        self.body.addStretch(1)
        if updates.has_source:
            way = f" It {updates.way}." if updates.way else ""
            self.body.addWidget(Label(_SENT.format(host=updates.host) + way, "muted", wraps=True))
        self.body.addWidget(self.daily)
        self.body.addWidget(self.daily_note)
        self.setMinimumWidth(680)
        updates.changed.connect(self._tell_anew)
        self._tell()
        (self.ask_button if self.ask_button.isEnabled() else self.close_button).setFocus()

    def _tell(self) -> None:
        updates = self._updates
        self.message.say(*self._said())
        self.found.show_notice(updates.notice if updates.is_newer else None)
        # Enabled while it asks, too: switched off, it would lose the keyboard. Asking twice is once.
        self.ask_button.setEnabled(not updates.why_not)
        self.daily.setChecked(updates.settings.is_daily)
        self.daily.setEnabled(updates.has_source)
        # What stands in the way just now is told above already.
        why_not = updates.why_not_daily if updates.why_not_daily != updates.why_not else ""
        self.daily_note.setText(why_not or self._last_heard())
        self.daily_note.setVisible(bool(self.daily_note.text()))

    def _tell_anew(self) -> None:
        self._tell()
        self._fit()
        announce(self, self.message.text() or self.found.title.text())

    def _said(self) -> tuple[str, str]:
        """What came of asking, and in which tone."""
        updates = self._updates
        if updates.is_asking:
            return _ASKING.format(updates.host), "moving"
        if updates.why_not:
            return updates.why_not, "warning"
        if updates.error is not None:
            return _failure(updates.error), "failed"
        if updates.trouble:
            return f"What was seen couldn't be noted: {updates.trouble}", "warning"
        if updates.notice is None or updates.is_newer:
            return "", ""
        return f"LumeDesk is up to date. The latest release is {updates.notice.version}.", "done"

    def _last_heard(self) -> str:
        heard_at = self._updates.settings.heard_at
        return f"Last heard of releases: {since(heard_at)}." if heard_at else ""

    def _say(self, words: str, tone: str) -> None:
        self.message.say(words, tone)
        self._fit()
        announce(self, words)

    def _fit(self) -> None:
        """Grow rather than cut a line off, as far as the screen goes; what was made larger stays so."""
        whole = self.layout()
        if whole is not None:
            whole.activate()
            room = self.screen().availableGeometry().height() - _FRAME
            self.resize(self.width(), max(self.height(), min(whole.totalHeightForWidth(self.width()), room)))

    def showEvent(self, event: QShowEvent) -> None:
        """As Qt has it; as tall as its texts need."""
        super().showEvent(event)
        self._fit()

    def _choose_daily(self) -> None:
        self._updates.set_daily(is_daily=self.daily.isChecked(), failed=self._tell_unsaved)

    def _tell_unsaved(self, error: DeskError) -> None:
        self._tell()
        self._say(_failure(error), "failed")

    def _open_page(self) -> None:
        page = self.found.page.text()
        problem = page_problem(page, self._updates.page_host)
        if problem:
            self._say(problem, "failed")
        elif not QDesktopServices.openUrl(QUrl(page, QUrl.ParsingMode.StrictMode)):
            self._say("No browser could be opened. Copy the link instead.", "warning")

    def _copy_page(self) -> None:
        copy_text(self.found.page.text(), guard=False)
        self.found.copy_button.setText("Copied")


class _Found(Card):
    """A newer version: what its makers say of it, what its files must be, and where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("updates-found")
        self.title = Label(look="heading")
        self.title.setObjectName("updates-found-version")
        self.notes = _text("updates-notes")
        self.files = _text("updates-files")
        self.files.setFont(fixed_font())
        self.page = QLineEdit()
        self.page.setObjectName("updates-page")
        self.page.setReadOnly(True)
        self.open_button = button("updates-open", "Open in the browser")
        self.copy_button = button("updates-copy", "Copy the link")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addStretch(1)
        row.addWidget(self.copy_button)
        row.addWidget(self.open_button)
        self.inner.addWidget(self.title)
        self.inner.addLayout(labelled("What its makers say of it", self.notes))
        self.inner.addLayout(labelled("Its files, with the SHA-256 checksum that each must have", self.files))
        self.inner.addLayout(labelled("Its page, where it can be had", self.page))
        self.inner.addLayout(row)
        self.hide()

    def show_notice(self, notice: Notice | None) -> None:
        """Show the release; None hides it."""
        self.setVisible(notice is not None)
        if notice is None:
            return
        released = notice.released.astimezone()
        day = f"{released.day} {released:%B %Y}"
        early = ", which is a pre-release" if notice.version.is_early else ""
        self.title.setText(f"LumeDesk {notice.version}{early}, of {day}")
        self.copy_button.setText("Copy the link")
        for field, text in (
            (self.notes, notice.notes or "Nothing."),
            (self.files, _listed(notice.files) or "None are named."),
        ):
            if field.toPlainText() != text:
                field.setPlainText(text)
        self.page.setText(notice.page)
        self.page.setCursorPosition(0)


def _failure(error: DeskError) -> str:
    return shown(" ".join(filter(None, (f"{error.title}.", error.detail, error.advice))), 600)


def _text(name: str) -> ReadText:
    made = ReadText()
    made.setObjectName(name)
    made.setTabChangesFocus(True)
    made.setMaximumHeight(_TEXT_HEIGHT)
    return made


def _listed(files: tuple[File, ...]) -> str:
    """Each file over its checksum, those for this computer's system first."""
    here = _PLATFORMS.get(sys.platform, sys.platform)
    ordered = sorted(files, key=lambda each: each.platform != here)
    return "\n".join(
        f"{each.name} ({each.platform}, {each.size / _MEGABYTE:.1f} MB)\n{each.sha256}" for each in ordered
    )
