"""Finding resources/: in a checkout, in an installed package, in a frozen program."""

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lumedesk import assets


@pytest.fixture
def afresh() -> Iterator[None]:
    """Looked for anew, and again after the test."""
    assets.resources.cache_clear()
    yield
    assets.resources.cache_clear()


def moved(monkeypatch: pytest.MonkeyPatch, package: Path) -> None:
    monkeypatch.setattr(assets, "__file__", str(package / "assets.py"))


def test_in_a_checkout_they_lie_beside_the_package(afresh: None) -> None:
    assert assets.resources() == Path(__file__).resolve().parents[1] / "resources"


def test_an_installed_package_carries_them(afresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lumedesk" / "_resources" / "icons").mkdir(parents=True)
    moved(monkeypatch, tmp_path / "lumedesk")
    assert assets.resources() == tmp_path / "lumedesk" / "_resources"


def test_a_frozen_program_looks_only_inside_itself(
    afresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    with pytest.raises(FileNotFoundError, match="resources"):
        assets.resources()
    (tmp_path / "resources" / "icons").mkdir(parents=True)
    assert assets.resources() == tmp_path / "resources"


def test_where_there_are_none_the_places_are_named(
    afresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(monkeypatch, tmp_path / "lumedesk")
    with pytest.raises(FileNotFoundError, match="_resources") as caught:
        assets.resources()
    assert str(tmp_path / "resources") in str(caught.value)


def test_every_icon_takes_the_theme_s_colour() -> None:
    names = sorted(path.stem for path in (assets.resources() / "icons").glob("*.svg"))
    assert names
    for name in names:
        svg = assets.icon_svg(name)
        assert ET.fromstring(svg).tag.endswith("svg"), name  # noqa: S314 - our own files
        assert b"currentColor" in svg, name


def test_the_fonts_ship_with_the_desk() -> None:
    fonts = assets.fonts()
    assert fonts
    assert fonts == sorted(fonts)
    assert all(font.read_bytes()[:4] == b"OTTO" for font in fonts)


def test_the_program_s_icon_is_a_drawing() -> None:
    assert ET.fromstring(assets.program_icon().read_bytes()).tag.endswith("svg")  # noqa: S314 - our own file
