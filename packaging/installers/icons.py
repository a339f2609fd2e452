"""The program's icon in the forms that systems want, drawn from resources/lumedesk.svg: PNG, Windows' ICO, macOS' ICNS.

Run by the Python that has Qt: `python -m installers.icons FOLDER`. Same drawing and same Qt, same bytes.
"""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = Path(__file__).resolve().parents[2] / "resources" / "lumedesk.svg"

PNG_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
# Which sizes macOS looks for, by the names it gives them; the latter four are for screens of two pixels to a point.
_ICNS_SIZES = {
    b"icp4": 16, b"icp5": 32, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic11": 32, b"ic12": 64, b"ic13": 256, b"ic14": 512
}  # fmt: skip
_BMP_HEADER = 40


def make(folder: Path) -> None:
    """Write lumedesk.ico, lumedesk.icns and lumedesk-SIZE.png into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in PNG_SIZES:
        (folder / f"lumedesk-{size}.png").write_bytes(_png(_drawn(size)))
    (folder / "lumedesk.ico").write_bytes(_ico())
    (folder / "lumedesk.icns").write_bytes(_icns())


def _drawn(size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(SVG)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes here, Qt takes text
    return bytes(buffer.data().data())


def _bmp(image: QImage) -> bytes:
    """As in an icon: no file header, twice the height for the mask that follows, from the bottom up."""
    size = image.width()
    lines = [image.constScanLine(y) for y in reversed(range(size))]
    rows = [bytes(line)[: size * 4] for line in lines]  # type: ignore[call-overload]  # the stubs call a memoryview an object
    mask_row = (size + 31) // 32 * 4
    header = struct.pack("<IiiHHIIiiII", _BMP_HEADER, size, size * 2, 1, 32, 0, size * size * 4, 0, 0, 0, 0)
    return header + b"".join(rows) + bytes(mask_row * size)


def _ico() -> bytes:
    # Programs of Windows take a PNG for the largest size only.
    pictures = [(size, _png(_drawn(size)) if size == 256 else _bmp(_drawn(size))) for size in _ICO_SIZES]
    offset = 6 + 16 * len(pictures)
    entries = []
    for size, picture in pictures:
        entries.append(struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), offset))
        offset += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + b"".join(entries) + b"".join(picture for _, picture in pictures)


def _icns() -> bytes:
    pictures = [(name, _png(_drawn(size))) for name, size in _ICNS_SIZES.items()]
    body = b"".join(name + struct.pack(">I", len(picture) + 8) + picture for name, picture in pictures)
    return b"icns" + struct.pack(">I", len(body) + 8) + body


if __name__ == "__main__":
    make(Path(sys.argv[1]))
