"""Checks that Qt paints: an icon, a typeface, words, and the desk's window, on a screen if there is one."""

import os
import sys
from collections.abc import Iterator

from PySide6.QtCore import qVersion
from PySide6.QtGui import QFontDatabase, QFontInfo, QImage
from PySide6.QtWidgets import QApplication

from lumedesk import assets
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.probing.findings import Failed, Finding, note, ok
from lumedesk.running import STYLE_ARGUMENTS, first_picture
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import Look, icon_pixmap, text_font

_WORDS = "LumeDesk 1,234.50"
_INK = "#000000"


def qt(platform: str) -> Iterator[Finding]:
    """Paint on `platform`; where that is empty on the usual one, or off the screen where there is none."""
    app = QApplication.instance() or QApplication([sys.argv[0], *STYLE_ARGUMENTS, *_platform_arguments(platform)])
    if not isinstance(app, QApplication):
        raise Failed("Qt was begun without windows.")
    yield ok("Qt", f"{qVersion()} on {app.platformName()}")
    yield _icon()
    yield _typeface()
    look = Look(app)
    yield _words()
    yield _window()
    look.deleteLater()
    if app.platformName() == "offscreen":
        yield note("Qt", "Painted without a screen.")


def _platform_arguments(platform: str) -> list[str]:
    if platform:
        return ["-platform", platform]
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    has_display = not sys.platform.startswith("linux") or any(os.environ.get(name) for name in displays)
    return [] if has_display else ["-platform", "offscreen"]


def _icon() -> Finding:
    names = sorted(each.stem for each in (assets.resources() / "icons").glob("*.svg"))
    blank = [name for name in names if _inked(icon_pixmap(name, _INK, 32).toImage()) == 0]
    if blank:
        raise Failed(f"These icons paint nothing: {', '.join(blank)}.")
    return ok("icons", f"all {len(names)} paint something")


def _typeface() -> Finding:
    for file in assets.fonts():
        if QFontDatabase.addApplicationFont(str(file)) < 0:
            raise Failed(f"The font {file.name} can't be loaded.")
    found = QFontInfo(text_font()).family()
    if found != text_font().family():
        raise Failed(f"In place of {text_font().family()}, the typeface is {found}.")
    return ok("fonts", found)


def _words() -> Finding:
    words, blank = (Label(text) for text in (_WORDS, " "))
    for label in (words, blank):
        label.resize(240, 40)
    if words.grab().toImage() == blank.grab().toImage():
        raise Failed("Words aren't painted.")
    return ok("words", "painted")


def _window() -> Finding:
    window = first_picture(Profile("probe", ProfileKind.SANDBOX))
    image = window.grab().toImage()
    window.hide()
    window.deleteLater()
    if _colours(image) < 2:
        raise Failed("The window is one plain colour.")
    return ok("window", f"{image.width()} x {image.height()} pixels")


def _inked(image: QImage) -> int:
    """How many pixels aren't wholly transparent."""
    return sum(image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height()))


def _colours(image: QImage) -> int:
    """How many colours there are, on a grid."""
    places = ((x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16))
    return len({image.pixel(x, y) for x, y in places})
