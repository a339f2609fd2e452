"""Draws what lies behind the icons of the macOS disk image, from packaging/macos/background.svg, at both densities.

Run by the Python that has Qt: `python -m installers.disk_background FOLDER`. Same drawing and same Qt, same bytes.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = Path(__file__).resolve().parents[1] / "macos" / "background.svg"


def make(folder: Path) -> None:
    """Write background.png and background@2x.png into `folder`, which dmgbuild puts together into one."""
    drawing = QSvgRenderer(str(SVG))
    size = drawing.defaultSize()
    for name, scale in (("background.png", 1), ("background@2x.png", 2)):
        image = QImage(size * scale, QImage.Format.Format_RGB32)
        image.fill(0xFFFFFF)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing.render(painter, QRectF(0, 0, image.width(), image.height()))
        painter.end()
        if not image.save(str(folder / name)):
            raise OSError(f"{name} can't be written")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
