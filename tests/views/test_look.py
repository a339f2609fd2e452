"""The look: text is readable in both schemes, and figures are whole or not there at all."""

from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import Tone
from lumedesk.models.table import AMOUNT, Shown
from lumedesk.views.parts.cells import ROW_HEIGHT, AmountCells, figure_left
from lumedesk.views.parts.text import Passage
from lumedesk.views.theme import DARK, LIGHT, Colours, Look, Scheme
from tests.support.stage import Stage, settle

_GROUNDS = {
    "text": ("window", "surface", "sidebar", "sunken", "selection", "hover"),
    "muted": ("window", "surface", "sidebar", "sunken", "selection", "hover"),
    "on_accent": ("accent", "accent_hover"),
    "done": ("surface", "sidebar", "window"),
    "waiting": ("surface", "sidebar", "window"),
    "failed": ("surface", "sidebar", "window"),
}
# Trailing zeros, placeholders and what can't be pressed: quiet, but there.
_QUIET_GROUNDS = ("window", "surface", "sunken", "selection")


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in QColor(colour).getRgbF()[:3]
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(colours: Colours) -> None:
    for ink, grounds in _GROUNDS.items():
        for ground in grounds:
            assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5, (ink, ground)
    for ground in _QUIET_GROUNDS:
        assert contrast(colours.faint, getattr(colours, ground)) >= 3, ground
    for tone in Tone:
        ink, tint = colours.tone(tone)
        assert contrast(ink.name(), tint.name()) >= 4.5, tone
    assert contrast(colours.focus, colours.surface) >= 3


def test_a_scheme_takes_effect_everywhere_at_once(stage: Stage) -> None:
    stage.look.use(Scheme.DARK)
    settle()
    image = stage.window.grab().toImage()
    assert image.pixelColor(image.width() // 2, 60).name() == DARK.window
    stage.look.use(Scheme.LIGHT)
    settle()
    image = stage.window.grab().toImage()
    assert image.pixelColor(image.width() // 2, 60).name() == LIGHT.window


@pytest.mark.parametrize(
    ("edge", "right", "aligned", "pushed", "left"),
    [
        (4, 100, 40, 60, 40),  # aligned on the decimal sign
        (4, 100, 60, 40, 40),  # more decimals than there is room for: it ends at the right
        (4, 100, 2, 10, 10),  # aligned, it would be cut off on the left
        (4, 100, -20, 3, None),  # there is no room for it at all
    ],
)
def test_where_a_figure_starts(edge: int, right: int, aligned: int, pushed: int, left: int | None) -> None:
    assert figure_left(edge, right, aligned, pushed) == left


def test_a_figure_is_painted_whole_or_not_at_all(stage: Stage) -> None:
    """The inked columns of a narrow cell are those of the wide one, or those of an ellipsis."""
    page: Any = stage.window.pages[Kind.ACCOUNTS][0]
    stage.window.go_to(Kind.ACCOUNTS)
    settle()
    row = next(row for row in range(page.table.rowCount()) if page.table.record(row).currency == "NGN")
    index = page.table.index(row, page.table.column_index("total"))
    assert index.data(AMOUNT) == Decimal("183500250.00")
    cells, shown = AmountCells(stage.look, index.column()), page.table.shown(row)
    cells.use(font := page.view.font())
    whole = _inked(_painted(cells, font, shown, 400))
    ellipsis = _inked(_painted(cells, font, shown, 40))
    assert len(ellipsis) < len(whole) / 4
    outcomes = set()
    for width in range(40, 260, 3):
        inked = _inked(_painted(cells, font, shown, width))
        assert inked in (whole, ellipsis), width
        outcomes.add(inked == whole)
    assert outcomes == {True, False}


def test_every_figure_on_screen_has_room(stage: Stage) -> None:
    """At the size the window opens with, no table that is shown gives an ellipsis for a figure."""
    for kind, (page, _) in stage.window.pages.items():
        stage.window.go_to(kind)
        settle()
        for view in page.findChildren(type(stage.window.overview.balances_view)):
            if not view.isVisible():
                continue
            model = view.model()
            for at, column in enumerate(model.columns):
                if column.amount is None or view.isColumnHidden(at):
                    continue
                widest = max(
                    (
                        view.fontMetrics().horizontalAdvance(model.index(row, at).data())
                        for row in range(model.rowCount())
                    ),
                    default=0,
                )
                assert widest + 16 <= view.columnWidth(at), (view.objectName(), column.name)


def test_a_passage_is_as_tall_as_its_text_in_every_font(qtbot: QtBot, look: Look) -> None:
    words = "Connected, and the certificate is one that this computer trusts. "
    page = QWidget()
    column = QVBoxLayout(page)
    passage = Passage(words * 2)
    column.addWidget(passage)
    column.addStretch()
    page.resize(420, 600)
    qtbot.addWidget(page)
    page.show()
    settle()
    small = passage.height()
    font = passage.font()
    font.setPixelSize(2 * font.pixelSize())
    passage.setFont(font)
    settle()
    lines = passage.document().firstBlock().layout().lineCount()
    assert lines > 2
    assert passage.height() >= lines * QFontMetricsF(font).height() > small


def _painted(cells: AmountCells, font: QFont, shown: Shown, width: int) -> QImage:
    image = QImage(width, ROW_HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    painter = QPainter(image)
    painter.setFont(font)
    cells.paint(painter, 0, 0, width, shown)
    painter.end()
    return image


def _inked(image: QImage) -> tuple[tuple[int, ...], ...]:
    """The columns with ink in them from the first to the last, each as its pixels; the rule below the row is left out."""
    ground = QColor("#ffffff").rgb()
    columns = [tuple(image.pixel(x, y) for y in range(image.height() - 2)) for x in range(image.width())]
    inked = [x for x, column in enumerate(columns) if any(pixel != ground for pixel in column)]
    return tuple(columns[inked[0] : inked[-1] + 1]) if inked else ()
