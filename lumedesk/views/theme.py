"""The design system in one place: colours by role, spacing on an 8 px grid, the type scale, and the icons that follow them."""

from enum import Enum
from string import Template

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from lumedesk import assets
from lumedesk.views.colours import DARK, LIGHT, Colours
from lumedesk.views.style import STYLE

# Spacing: everything is a multiple of these.
HALF, UNIT, DOUBLE, TRIPLE = 4, 8, 16, 24

# The type scale, in pixels so that a page keeps its shape at every scale factor.
SMALL, BODY, LARGE, TITLE, FIGURE = 12, 13, 15, 20, 28

# An icon's width and height on buttons and in fields.
ICON = 16


class Scheme(Enum):
    """Which colours to use."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Look(QObject):
    """The colours in force, and whether amounts are shown. One object, handed to whoever paints.

    `changed` is emitted when the colours change, `hiding_changed` when amounts are hidden or shown.
    """

    changed = Signal()
    # Amounts are hidden now, or shown again. UI thread.
    hiding_changed = Signal()

    def __init__(self, app: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        self.colours = LIGHT
        self.hides_amounts = False
        self._icons: dict[tuple[str, str, str], QIcon] = {}
        for path in assets.fonts():
            QFontDatabase.addApplicationFont(str(path))
        app.setFont(text_font())
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
        app.screenAdded.connect(self._follow_screens)
        self.use(scheme)

    @property
    def scheme(self) -> Scheme:
        """What was asked for."""
        return self._scheme

    def use(self, scheme: Scheme) -> None:
        """Switch the whole desk to `scheme`."""
        self._scheme = scheme
        system_is_dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        is_dark = scheme is Scheme.DARK or (scheme is Scheme.SYSTEM and system_is_dark)
        self.colours = DARK if is_dark else LIGHT
        self._app.setPalette(_palette(self.colours))
        self._app.setStyleSheet(_style_sheet(self.colours))
        self.changed.emit()

    def hide_amounts(self, *, hidden: bool) -> None:
        """Show dots in place of every amount on the pages, for a screen that others see; or the amounts again.

        What is copied meanwhile is dots too: pasting must not show what the page hides. Dialogs that move money, or
        set limits on it, show their amounts all the same: one must see what one sends.
        """
        if hidden != self.hides_amounts:
            self.hides_amounts = hidden
            _put_away_tooltips(self._app)
            self.hiding_changed.emit()

    def icon(self, name: str, role: str = "muted", checked_role: str = "") -> QIcon:
        """An icon drawn in a colour of the theme, sharp at every scale; `checked_role` colours its checked form."""
        ink = getattr(self.colours, role)
        checked_ink = getattr(self.colours, checked_role or role)
        key = (name, ink, checked_ink)
        if key not in self._icons:
            icon = QIcon()
            for size in self._icon_sizes():
                icon.addPixmap(icon_pixmap(name, ink, size), QIcon.Mode.Normal, QIcon.State.Off)
                if checked_role:
                    # What can be checked is never disabled here.
                    icon.addPixmap(icon_pixmap(name, checked_ink, size), QIcon.Mode.Normal, QIcon.State.On)
                else:
                    icon.addPixmap(icon_pixmap(name, self.colours.faint, size), QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

    def _icon_sizes(self) -> list[int]:
        """An icon's size in the pixels of each screen there is: at the start, drawing all that might ever be costs 100 ms."""
        return sorted({round(ICON * screen.devicePixelRatio()) for screen in self._app.screens()})

    def _follow_screens(self) -> None:
        self._icons.clear()
        self.changed.emit()

    def _follow_system(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self.use(Scheme.SYSTEM)


def _put_away_tooltips(app: QApplication) -> None:
    """A tooltip that stands open doesn't follow what it was made from."""
    for widget in app.topLevelWidgets():
        if widget.inherits("QTipLabel"):
            widget.close()
            widget.deleteLater()


def text_font(size: int = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The desk's typeface with tabular figures, so that digits line up in every column."""
    font = QFont("Inter")
    font.setPixelSize(size)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    # Inter's contextual alternates draw the x of an address like 0x7A as a multiplication sign.
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def fixed_font(size: int = BODY) -> QFont:
    """For addresses, account numbers and ids, where each character counts."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(size)
    return font


def take_look(widget: QWidget, look: str) -> None:
    """Give a widget another look of the style sheet's; nothing where it has it already."""
    if widget.property("look") == look:
        return
    widget.setProperty("look", look)
    # What was never on the screen is styled when it comes there, and Python's names for styles take 5 ms to load.
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)


def icon_pixmap(name: str, ink: str, size: int) -> QPixmap:
    """One icon at `size` pixels in the colour `ink`."""
    svg = assets.icon_svg(name).replace(b"currentColor", ink.encode())
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, value in (
        (roles.Window, colours.window),
        (roles.WindowText, colours.text),
        (roles.Base, colours.surface),
        (roles.AlternateBase, colours.sunken),
        (roles.Text, colours.text),
        (roles.PlaceholderText, colours.faint),
        (roles.Button, colours.surface),
        (roles.ButtonText, colours.text),
        (roles.Highlight, colours.selection),
        (roles.HighlightedText, colours.text),
        (roles.ToolTipBase, colours.surface),
        (roles.ToolTipText, colours.text),
        (roles.Link, colours.accent),
        (roles.Accent, colours.accent),
        (roles.Light, colours.surface),
        (roles.Midlight, colours.border),
        (roles.Mid, colours.border),
        (roles.Dark, colours.border),
        (roles.Shadow, colours.border),
    ):
        palette.setColor(role, QColor(value))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.faint))
    return palette


def _style_sheet(colours: Colours) -> str:
    sizes = {"small": SMALL, "body": BODY, "large": LARGE, "title": TITLE, "figure": FIGURE}
    return Template(STYLE).substitute(colours._asdict() | {name: f"{size}px" for name, size in sizes.items()})
