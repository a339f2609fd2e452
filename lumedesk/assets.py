"""Finds the files of `resources/`: in a checkout, in an installed package and in a frozen program. Reads nothing else."""

import sys
from functools import cache
from pathlib import Path


@cache
def resources() -> Path:
    """The folder with icons, fonts, licences and the API contract. Errors: FileNotFoundError, naming where it was looked for."""
    package = Path(__file__).resolve().parent
    frozen = getattr(sys, "_MEIPASS", None)
    places = [Path(frozen) / "resources"] if frozen else [package.parent / "resources", package / "_resources"]
    for place in places:
        if (place / "icons").is_dir():
            return place
    raise FileNotFoundError("resources/ not found in " + " or ".join(map(str, places)))


def icon_svg(name: str) -> bytes:
    """The SVG text of one icon; its strokes are `currentColor`."""
    return (resources() / "icons" / f"{name}.svg").read_bytes()


def fonts() -> list[Path]:
    """The font files that ship with the desk."""
    return sorted((resources() / "fonts").glob("*.otf"))


def program_icon() -> Path:
    """The program's own icon, an SVG."""
    return resources() / "lumedesk.svg"
