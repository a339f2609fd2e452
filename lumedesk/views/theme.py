"""The design system in one place: colours by role, spacing on an 8 px grid, the type scale, and the icons that follow them."""

from dataclasses import asdict, dataclass
from enum import Enum
from string import Template

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from lumedesk import assets
from lumedesk.domain.statuses import Tone
from lumedesk.views.style import STYLE

# Spacing: everything is a multiple of these.
HALF, UNIT, DOUBLE, TRIPLE = 4, 8, 16, 24

# The type scale, in pixels so that a page keeps its shape at every scale factor.
SMALL, BODY, LARGE, TITLE, FIGURE = 12, 13, 15, 20, 28


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours by what they are for."""

    window: str
    surface: str
    sidebar: str
    sunken: str
    border: str
    hover: str
    selection: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    focus: str
    done: str
    done_tint: str
    moving: str
    moving_tint: str
    waiting: str
    waiting_tint: str
    failed: str
    failed_tint: str
    unknown: str
    unknown_tint: str

    def tone(self, tone: Tone) -> tuple[QColor, QColor]:
        """Ink and tint of a status."""
        return QColor(getattr(self, tone.value)), QColor(getattr(self, f"{tone.value}_tint"))


LIGHT = Colours(
    window="#f5f7fa",
    surface="#ffffff",
    sidebar="#eceff4",
    sunken="#f0f2f6",
    border="#dce1e9",
    hover="#f1f4f9",
    selection="#dfe9fd",
    text="#131a26",
    muted="#566274",
    faint="#77849a",
    accent="#1c56d8",
    accent_hover="#1648ba",
    on_accent="#ffffff",
    focus="#1c56d8",
    done="#0a6b43",
    done_tint="#dff3e9",
    moving="#1c4fc4",
    moving_tint="#e2ebfd",
    waiting="#8a5000",
    waiting_tint="#fcefd8",
    failed="#a8231b",
    failed_tint="#fbe5e3",
    unknown="#4d5a6b",
    unknown_tint="#e8ecf1",
)
DARK = Colours(
    window="#0e131a",
    surface="#161d27",
    sidebar="#111821",
    sunken="#1b2430",
    border="#283444",
    hover="#1d2733",
    selection="#1f3560",
    text="#e7ebf1",
    muted="#9dabbd",
    faint="#76869b",
    accent="#6a9bff",
    accent_hover="#8ab1ff",
    on_accent="#0a1120",
    focus="#8ab1ff",
    done="#53dca0",
    done_tint="#12362a",
    moving="#93b7ff",
    moving_tint="#1b2e55",
    waiting="#f3bb62",
    waiting_tint="#3b2b11",
    failed="#ff958c",
    failed_tint="#46211f",
    unknown="#aab6c6",
    unknown_tint="#26313f",
)


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
        app.setStyle("Fusion")
        app.setFont(text_font())
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
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
            for size in (16, 20, 24, 32, 48, 64):
                icon.addPixmap(icon_pixmap(name, ink, size), QIcon.Mode.Normal, QIcon.State.Off)
                icon.addPixmap(icon_pixmap(name, checked_ink, size), QIcon.Mode.Normal, QIcon.State.On)
                icon.addPixmap(icon_pixmap(name, self.colours.faint, size), QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

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
    return Template(STYLE).substitute(asdict(colours) | {name: f"{size}px" for name, size in sizes.items()})
