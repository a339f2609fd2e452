"""A box to tick under words that the operator stands by, drawn in the theme's colours."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton, QStylePainter

from lumedesk.views.theme import Look, icon_pixmap


class Declaration(QCheckBox):
    """A check box that can be seen in dark colours too."""

    def __init__(self, name: str, words: str, look: Look) -> None:
        super().__init__(words)
        self.setObjectName(name)
        self.setAccessibleName(words)
        self._look = look
        look.changed.connect(self.update)

    def say(self, words: str) -> None:
        """Declare something else."""
        self.setText(words)
        self.setAccessibleName(words)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt has it, with our own box."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        label = QStyleOptionButton(option)
        label.rect = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self)
        painter.drawControl(QStyle.ControlElement.CE_CheckBoxLabel, label)
        colours = self._look.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = colours.focus if self.hasFocus() else colours.muted
        painter.setPen(QPen(QColor(ink), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(colours.accent if self.isChecked() else colours.surface))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if self.checkState() == Qt.CheckState.Checked:
            pixmap = icon_pixmap("check", colours.on_accent, 4 * box.width())
            painter.drawPixmap(QRectF(box), pixmap, QRectF(pixmap.rect()))
