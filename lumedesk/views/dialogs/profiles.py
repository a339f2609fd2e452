"""The dialog that lists the profiles: to open one, to add one, to remove one. What it asks for is done by who listens."""

from urllib.parse import urlsplit

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from lumedesk.domain.profiles import Colour, Listed, Profile
from lumedesk.domain.statuses import Status, Tone
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.cells import paint_background, paint_pill, pill_size
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner
from lumedesk.views.setup_fields import forget, line, line_entry
from lumedesk.views.theme import BODY, DOUBLE, HALF, SMALL, UNIT, Look, text_font

_Index = QModelIndex | QPersistentModelIndex
_LISTED = int(Qt.ItemDataRole.UserRole)
_IS_CURRENT = _LISTED + 1
_ROW_HEIGHT = 60
# Where the words beside a round box begin.
_INDENT = 22
_MAX_PROBLEM = 400
_SIZE = (640, 580)

_KEPT = "They stay encrypted, and the keychain keeps their key. They aren't listed here any more."
_KEPT_SANDBOX = "They stay encrypted, but their key is gone once the sandbox ends. They aren't listed here any more."
_WIPED = "Movements, audit log, history and limits. They can't be brought back."

_TONES = {
    Colour.RED: Tone.FAILED,
    Colour.AMBER: Tone.WAITING,
    Colour.GREEN: Tone.DONE,
    Colour.BLUE: Tone.MOVING,
    Colour.GREY: Tone.UNKNOWN,
}
_UNREADABLE = Status("", "Can't be read", Tone.UNKNOWN, is_final=True)
_LOOKING = Status("", "View only", Tone.UNKNOWN, is_final=True)
_OPEN = Status("", "Open now", Tone.UNKNOWN, is_final=True)


class ProfilesDialog(Dialog):
    """The list, and behind it the question before one is removed.

    After `remove_wanted` it waits, closed off, for whoever listens: to show the list anew by `show_profiles`, to say by
    `show_failure` why it couldn't be done, or to close it.
    """

    # (name): the operator wants to work with this profile. UI thread.
    open_wanted = Signal(str)
    # The operator wants one more. UI thread.
    add_wanted = Signal()
    # (name, bool): the operator wants this one gone, its records too if True. UI thread.
    remove_wanted = Signal(str, bool)

    def __init__(self, listed: tuple[Listed, ...], current: str, look: Look, parent: QWidget | None = None) -> None:
        """`current` is the name of the profile that is open; empty when none is."""
        super().__init__("profiles", "Profiles", "", parent)
        self._current = current
        self.list = ProfileList()
        self.list.setObjectName("profiles-list")
        self.list.setAccessibleName("Profiles")
        self.list.setItemDelegate(ProfileDelegate(look, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setSpacing(2)
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName("profiles-problem")
        self.removal = RemovalPane(look)
        self.message = Banner("profiles-message")
        self._build()
        self._connect()
        self.show_profiles(listed)
        self.resize(*_SIZE)
        look.changed.connect(self.list.viewport().update)

    def _build(self) -> None:
        self.add_wanted_button = self.add_button("profiles-add", "Add…")
        self.remove_button = self.add_button("profiles-remove", "Remove…")
        self.open_button = self.add_button("profiles-open", "Open", "primary")
        self.back_button = self.add_button("profiles-back", "Back")
        self.confirm_button = self.add_button("profiles-confirm-remove", "Remove")
        self._first = QWidget()
        column = QVBoxLayout(self._first)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.list, 1)
        column.addWidget(self.problem)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._first)
        self._stack.addWidget(self.removal)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.message)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._show_buttons)
        self.list.itemActivated.connect(self._open)
        self.add_wanted_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self.ask_to_remove)
        self.open_button.clicked.connect(self._open)
        self.back_button.clicked.connect(self.go_back)
        self.confirm_button.clicked.connect(self._remove)
        self.removal.changed.connect(self._show_buttons)

    @property
    def chosen(self) -> Listed | None:
        """The profile that is selected; None where none is."""
        found = self.list.currentIndex().data(_LISTED)
        return found if isinstance(found, Listed) else None

    def show_profiles(self, listed: tuple[Listed, ...]) -> None:
        """List these, and go back to the list."""
        before = self.chosen.name if self.chosen else self._current
        self.list.clear()
        for each in listed:
            item = QListWidgetItem(_title(each))
            item.setData(_LISTED, each)
            item.setData(_IS_CURRENT, each.name == self._current)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(each, is_current=each.name == self._current))
            self.list.addItem(item)
        names = [each.name for each in listed]
        self.list.setCurrentRow(names.index(before) if before in names else 0)
        self.go_back()

    def show_failure(self, words: str) -> None:
        """Say why a profile wasn't removed."""
        self.removal.setEnabled(True)
        self._show_buttons()
        self.message.say(words, "failed")
        # What had the keyboard was closed off; what it comes back to removes nothing.
        self.back_button.setFocus()

    def ask_to_remove(self) -> None:
        """Turn to the question before the selected profile is removed."""
        chosen = self.chosen
        if chosen is None or chosen.profile is None:
            return
        self.removal.ask(chosen.profile, is_current=chosen.name == self._current)
        self._turn_to(self.removal, f"Remove “{shown(chosen.profile.title, 60)}”?", "")
        self.removal.keep.setFocus()

    def go_back(self) -> None:
        """Turn to the list."""
        count = self.list.count()
        what = "Each has a key, records, limits and a lock of its own."
        self._turn_to(self._first, "Profiles", what if count else "There is no profile yet.")
        self.list.setFocus()

    def done(self, result: int) -> None:
        """As Qt has it; nothing stays in the field."""
        forget(self.removal.typed)
        super().done(result)

    def _turn_to(self, pane: QWidget, title: str, subtitle: str) -> None:
        self.removal.setEnabled(True)
        self._stack.setCurrentWidget(pane)
        self.heading.setText(title)
        self.subtitle.setText(subtitle)
        self.subtitle.setVisible(bool(subtitle))
        self.message.say("")
        self._show_buttons()

    def _show_buttons(self, _row: int = 0) -> None:
        is_listing = self._stack.currentWidget() is self._first
        for each in (self.add_wanted_button, self.remove_button, self.open_button):
            each.setVisible(is_listing)
        for each in (self.back_button, self.confirm_button):
            each.setVisible(not is_listing)
        # What is being removed can't be called back, and must be seen to end.
        is_removing = not self.removal.isEnabled()
        self.back_button.setEnabled(not is_removing)
        self.close_button.setText("Close" if is_listing or is_removing else "Cancel")
        chosen = self.chosen
        profile = chosen.profile if chosen else None
        self.open_button.setEnabled(profile is not None and profile.name != self._current)
        self.remove_button.setEnabled(profile is not None)
        self.confirm_button.setEnabled(not is_removing and self.removal.is_answered)
        self.confirm_button.setText("Delete for good" if self.removal.wipes else "Remove")
        problem = shown(chosen.problem, _MAX_PROBLEM) if chosen and profile is None else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _open(self) -> None:
        if self.open_button.isEnabled() and self.chosen is not None:
            name = self.chosen.name
            self.accept()
            self.open_wanted.emit(name)

    def _add(self) -> None:
        self.accept()
        self.add_wanted.emit()

    def _remove(self) -> None:
        if self.chosen is not None and self.removal.is_answered:
            wipes = self.removal.wipes
            self.removal.setEnabled(False)
            self._show_buttons()
            self.message.say("Removing the profile…", "moving")
            self.remove_wanted.emit(self.chosen.name, wipes)


class RemovalPane(QWidget):
    """Says what goes with a profile, and asks what becomes of its records."""

    # Another answer, or another text. UI thread.
    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("profiles-removal")
        self._title = ""
        self.words = Label(wraps=True)
        self.words.setObjectName("profiles-removal-words")
        self.keep = Choice("Keep its records on this computer", look)
        self.keep.setObjectName("profiles-keep")
        self.wipe = Choice("Delete its records for good", look)
        self.wipe.setObjectName("profiles-wipe")
        self.typed = line("profiles-typed-title")
        self.entry = line_entry(self.typed, "Type the profile's name to delete its records")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(self.words)
        column.addSpacing(UNIT)
        self._notes: dict[Choice, Label] = {}
        for radio, note in ((self.keep, ""), (self.wipe, _WIPED)):
            radio.setAccessibleDescription(note)
            column.addWidget(radio)
            caption = Label(note, "caption", wraps=True)
            self._notes[radio] = caption
            caption.setContentsMargins(_INDENT, 0, 0, UNIT)
            column.addWidget(caption)
            radio.toggled.connect(self._show_field)
        column.addWidget(self.entry)
        column.addStretch(1)
        self.typed.textChanged.connect(self.changed)

    @property
    def wipes(self) -> bool:
        """Whether the records go too."""
        return self.wipe.isChecked()

    @property
    def is_answered(self) -> bool:
        """Whether it may be removed: for the records to go, the profile's title must be typed."""
        return not self.wipes or self.typed.text().strip() == self._title

    def ask(self, profile: Profile, *, is_current: bool) -> None:
        """Ask about this profile, with the harmless answer chosen."""
        self._title = profile.title
        secrets = (
            "The sandbox has no key in the keychain."
            if profile.is_sandbox
            else "Its API key and secret are removed from the keychain, whatever you choose here."
        )
        where = "" if profile.is_sandbox else f" At {_host(profile)} the key goes on working until it is revoked there."
        window = " It is open now: its window closes." if is_current else ""
        self.words.setText(f"{secrets}{where}{window}")
        note = _KEPT_SANDBOX if profile.is_sandbox else _KEPT
        self._notes[self.keep].setText(note)
        self.keep.setAccessibleDescription(note)
        self.typed.setText("")
        self.typed.setPlaceholderText(shown(profile.title, 60))
        self.keep.setChecked(True)
        self._show_field()

    def _show_field(self) -> None:
        self.entry.setVisible(self.wipes)
        self.changed.emit()


class Choice(QRadioButton):
    """A round box that can be seen in each scheme."""

    def __init__(self, words: str, look: Look) -> None:
        super().__init__(words)
        self._look = look
        look.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt has it, with our own box."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_RadioButtonIndicator, option, self))
        label = QStyleOptionButton(option)
        label.rect = self.style().subElementRect(QStyle.SubElement.SE_RadioButtonContents, option, self)
        painter.drawControl(QStyle.ControlElement.CE_RadioButtonLabel, label)
        colours = self._look.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = colours.focus if self.hasFocus() else colours.muted
        painter.setPen(QPen(QColor(ink), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(colours.surface))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            inset = box.width() / 4
            painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))


class ProfileList(QListWidget):
    """Keeps the selected profile in sight."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it."""
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex())


class ProfileDelegate(QStyledItemDelegate):
    """Paints a profile over two lines: its title and where it is, and beside them what is at stake."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """As Qt has it."""
        return QSize(0, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """As Qt has it."""
        paint_background(painter, option)
        listed = index.data(_LISTED)
        if not isinstance(listed, Listed):
            return
        room: QRect = option.rect.adjusted(DOUBLE, UNIT, -DOUBLE, -UNIT)
        right = room.right()
        for status in reversed(_marks(listed, is_current=bool(index.data(_IS_CURRENT)))):
            width = pill_size(status.label)[0]
            paint_pill(painter, QRect(right - width, room.top(), width, room.height()), status, self._look)
            right -= width + UNIT
        words = QRect(room.left(), room.top(), max(0, right - room.left()), room.height())
        half = words.height() // 2
        upper = QRect(words.left(), words.top(), words.width(), half)
        lower = QRect(words.left(), words.top() + half, words.width(), half)
        colours = self._look.colours
        _draw(painter, upper, _title(listed), text_font(BODY, QFont.Weight.DemiBold), colours.text)
        _draw(painter, lower, _place(listed), text_font(SMALL), colours.muted)


def _draw(painter: QPainter, room: QRect, text: str, font: QFont, ink: str) -> None:
    painter.save()
    painter.setFont(font)
    painter.setPen(QColor(ink))
    text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
    painter.restore()


def _title(listed: Listed) -> str:
    return shown(listed.profile.title if listed.profile else listed.name, 60)


def _place(listed: Listed) -> str:
    """Its kind and where its server is; for one that can't be read, why."""
    profile = listed.profile
    if profile is None:
        return shown(listed.problem, _MAX_PROBLEM)
    return f"{profile.kind.label} · {_host(profile)}"


def _host(profile: Profile) -> str:
    if profile.is_sandbox:
        return "this computer"
    try:
        return shown(urlsplit(profile.base_url).netloc or profile.base_url, 80)
    except ValueError:
        return shown(profile.base_url, 80)


def _marks(listed: Listed, *, is_current: bool) -> list[Status]:
    """The pills beside a profile, from left to right. Each says in a word what its colour says."""
    profile = listed.profile
    if profile is None:
        return [_UNREADABLE]
    stake = Status("", profile.kind.note, _TONES[profile.colour or profile.kind.colour], is_final=True)
    return [*([_OPEN] if is_current else []), *([_LOOKING] if profile.is_view_only else []), stake]


def _spoken(listed: Listed, *, is_current: bool) -> str:
    marks = ", ".join(status.label for status in _marks(listed, is_current=is_current))
    colour = f", {listed.profile.colour.value}" if listed.profile and listed.profile.colour else ""
    return f"{_title(listed)}: {_place(listed)}. {marks}{colour}"
