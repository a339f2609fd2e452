"""The main window's first picture: its outlines, before anything that takes time is loaded."""

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from lumedesk.views.colours import DARK, LIGHT

# The width of what is on the left of the pages, and the height of the profile's band above everything.
SIDEBAR, BAND = 200, 4

_BAR, _MARGIN, _HEAD, _BODY = 26, 24, 24, 96
_PLACES, _FIRST_PLACE, _STEP, _THICK = 9, 138, 40, 12


class Outline:
    """What stands in the window's place until it is filled. It has no words: to find the fonts takes longer than all of it.

    Painted as an SVG: Python's names for Qt's colours and brushes take 15 ms to load as well.
    """

    def __init__(self, tone: str) -> None:
        """`tone` is how the theme names the profile's colour, like "failed" or "done"."""
        self._tone = tone

    def paint(self, window: QWidget) -> None:
        """Paint it all over `window`."""
        is_dark = window.palette().window().color().lightness() < 128
        svg = self._svg(window.width(), window.height(), is_dark=is_dark)
        painter = QPainter(window)
        QSvgRenderer(QByteArray(svg.encode())).render(painter)
        painter.end()

    def _svg(self, width: int, height: int, *, is_dark: bool) -> str:
        colours = DARK if is_dark else LIGHT
        left, top = SIDEBAR + _MARGIN, _BAR + BAND
        places = (
            _box(_MARGIN, _FIRST_PLACE + at * _STEP, SIDEBAR // 2, _THICK, colours.border) for at in range(_PLACES)
        )
        body_height = height - top - _BODY - _BAR - _MARGIN
        boxes = (
            _box(0, 0, width, height, colours.window),
            _box(0, 0, width, _BAR, colours.sidebar),
            _box(0, _BAR, width, BAND, getattr(colours, self._tone)),
            _box(0, top, SIDEBAR, height - top, colours.sidebar),
            _box(0, height - _BAR, width, _BAR, colours.sidebar),
            *places,
            _box(left, top + _HEAD, SIDEBAR, 2 * _THICK, colours.border),
            _box(left, top + _BODY, width - left - _MARGIN, body_height, colours.surface),
        )
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{"".join(boxes)}</svg>'


def _box(x: int, y: int, width: int, height: int, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{max(0, width)}" height="{max(0, height)}" fill="{colour}"/>'
