"""The program's icon in each form, read back by Qt."""

from pathlib import Path

import pytest
from installers import icons
from PySide6.QtGui import QImage, QImageReader


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icons")
    icons.make(folder)
    return folder


def pictures(file: Path) -> list[QImage]:
    """All that the file holds."""
    reader = QImageReader(str(file))
    found = []
    for at in range(reader.imageCount()):
        assert reader.jumpToImage(at)
        found.append(reader.read())
    return found


def test_windows_finds_every_size_it_looks_for(drawn: Path) -> None:
    assert [picture.width() for picture in pictures(drawn / "lumedesk.ico")] == [16, 20, 24, 32, 40, 48, 64, 256]


def test_macos_finds_every_size_it_looks_for(drawn: Path) -> None:
    body = (drawn / "lumedesk.icns").read_bytes()
    assert body[:4] == b"icns"
    assert int.from_bytes(body[4:8], "big") == len(body)
    found, at = [], 8
    while at < len(body):
        length = int.from_bytes(body[at + 4 : at + 8], "big")
        found.append(QImage.fromData(body[at + 8 : at + length]).width())
        at += length
    assert found == [16, 32, 128, 256, 512, 32, 64, 256, 512]


def test_each_picture_shows_the_mark_on_its_ground(drawn: Path) -> None:
    for picture in [*pictures(drawn / "lumedesk.ico"), *(QImage(str(each)) for each in drawn.glob("*.png"))]:
        size = picture.width()
        assert picture.pixelColor(0, 0).alpha() < 128, size
        assert picture.pixelColor(size // 8, size // 2).name() == "#1c56d8", size
        assert picture.pixelColor(size * 5 // 16, size // 2).name() == "#ffffff", size
        assert picture.pixelColor(size * 19 // 32, size * 13 // 32).name() == "#f3bb62", size


def test_the_same_drawing_gives_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    icons.make(tmp_path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        each.name: each.read_bytes() for each in drawn.iterdir()
    }
