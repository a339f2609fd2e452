"""Paints every page, state and dialog of the real desk into pictures: `python3 dev.py shots DIR [--only NAME]`.

Each scale is a process of its own, because Qt takes its scale factor at the start.
"""
# ruff: noqa: T201 - it tells what it writes

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from lumedesk import __version__
from lumedesk.views.theme import Look, Scheme
from tests.support import (
    shots_access,
    shots_data,
    shots_dialogs,
    shots_filters,
    shots_own,
    shots_pages,
    shots_profiles,
    shots_updates,
)
from tests.support.stage import settle

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "pictures" / "overview.png"
MOST_PICTURE = 400_000
# Qt's word for the strongest compression.
_SMALLEST = 0
# What the pictures of a scene are called, where that isn't the scene's own name.
_HOLDS = {
    "pages": ("overview", "accounts", "wallets", "trades", "deposits", "withdrawals", "beneficiaries"),
    "own-pages": ("movements", "audit", "decide", "new-books"),
    "withdrawal-doubts": ("withdrawal", "limits"),
}
SCALES = (1, 2)
_PARTS = (
    shots_pages,
    shots_dialogs,
    shots_own,
    shots_access,
    shots_profiles,
    shots_data,
    shots_filters,
    shots_updates,
)
SCENES = {name: scene for part in _PARTS for name, scene in part.SCENES.items()}


class Camera:
    """Takes pictures, in both schemes, of what `only` lets through."""

    def __init__(self, app: QApplication, folder: Path, scale: int, only: str, schemes: tuple[Scheme, ...]) -> None:
        self._app = app
        self.written: list[Path] = []
        self._folder = folder
        self._suffix = f"@{scale}x" if scale > 1 else ""
        self._only = only
        self._schemes = schemes

    def wants(self, name: str) -> bool:
        """Whether pictures of a page or dialog are asked for."""
        return not self._only or name == self._only or name.startswith(f"{self._only}-")

    def take(self, widget: QWidget, name: str) -> None:
        """Write `<name>-<light|dark>[@2x].png`. The widget ends up as it began, in light colours."""
        if not self.wants(name):
            return
        look = self._app.findChild(Look)
        for scheme in self._schemes:
            look.use(scheme)
            settle()
            path = self._folder / f"{name}-{scheme.value}{self._suffix}.png"
            if not widget.grab().save(str(path), "PNG", _SMALLEST):
                raise AssertionError(f"{path} can't be written")
            self.written.append(path)
            print(path.name, flush=True)
        look.use(Scheme.LIGHT)
        settle()


@contextmanager
def application() -> Iterator[QApplication]:
    """Qt, without what moves by itself."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LumeDesk")
    app.setApplicationVersion(__version__)
    # A blinking cursor would make two runs differ.
    app.setCursorFlashTime(0)
    app.setEffectEnabled(Qt.UIEffect.UI_AnimateCombo, False)
    yield app
    settle()


def photograph(folder: Path, scale: int, only: str, schemes: tuple[Scheme, ...], scenes: dict[str, object]) -> int:
    """Run the scenes that are asked for, in this process. Shape: the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    with application() as app:
        camera = Camera(app, folder, scale, only, schemes)
        for name, scene in scenes.items():
            if not any(map(camera.wants, _HOLDS.get(name, (name,)))):
                continue
            try:
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
                    scene(camera, Path(home))  # type: ignore[operator]
            except AssertionError as error:
                failed.append(f"{name}: {error}")
        for each in failed:
            print(f"NOT REACHED  {each}", file=sys.stderr)
        if not camera.written:
            print(f"There is nothing named {only!r}.", file=sys.stderr)
        return 1 if failed or not camera.written else 0


def take_picture() -> int:
    """Write the README's picture."""
    with tempfile.TemporaryDirectory() as home:
        code = photograph(Path(home), 1, "overview", (Scheme.LIGHT,), {"pages": shots_pages.overview_alone})
        if code:
            return code
        picture = (Path(home) / "overview-light.png").read_bytes()
    if len(picture) > MOST_PICTURE:
        print(f"The picture is too large: {len(picture):,} bytes.", file=sys.stderr)
        return 1
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(ROOT)}: {len(picture):,} bytes")
    return 0


def every_scale(arguments: list[str]) -> int:
    """Run this program once more for each scale, side by side."""
    children = []
    for scale in SCALES:
        command = [sys.executable, "-m", "tests.support.shots", *arguments, "--scale", str(scale)]
        environment = os.environ | {"QT_SCALE_FACTOR": str(scale)}
        children.append(subprocess.Popen(command, cwd=ROOT, env=environment))
    return max(abs(child.wait()) for child in children)


def main() -> int:
    """Read the options. Shape: the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py shots", description="Paint every screen into pictures.")
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="where the pictures go")
    parser.add_argument("--only", metavar="NAME", default="", help="one page or dialog: overview, trades, quote…")
    parser.add_argument("--picture", action="store_true", help=f"write {PICTURE.relative_to(ROOT).as_posix()} instead")
    parser.add_argument("--scale", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.picture:
        os.environ["QT_SCALE_FACTOR"] = "1.5"
        return take_picture()
    if options.folder is None:
        parser.error("where to? give a folder")
    if not options.scale:
        return every_scale([str(options.folder.resolve()), *(["--only", options.only] if options.only else [])])
    return photograph(options.folder, options.scale, options.only, (Scheme.LIGHT, Scheme.DARK), SCENES)


if __name__ == "__main__":
    sys.exit(main())
