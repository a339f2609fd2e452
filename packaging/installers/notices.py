"""Gathers the licence texts of everything in a bundle, for its folder resources/licences: an index and the texts.

`python -m installers.notices FOLDER` for a bundle of this system; with `--windows SITE PYTHON` for one of Windows whose
packages lie in SITE. What is in the folder of a checkout stays: the texts that no package brings.
"""

import argparse
import json
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from installers import parts
from installers.freezing import ROOT, VERSION
from installers.parts import PartMissing, System

INDEX = "index.json"
SOURCES = "SOURCES.txt"
# Qt's own wheels bring no text at all.
_LGPL = ("pyside6-essentials", "shiboken6")
# Ours, wherever they lie in a checkout: name, licence, text in the folder, where it is copied from.
OWN = (
    ("LumeDesk", "MIT", "LumeDesk.txt", "LICENSE"),
    ("Inter (typeface)", "OFL-1.1", "Inter.txt", "resources/fonts/LICENSE"),
    ("Lucide (icons)", "ISC", "Lucide.txt", "resources/icons/LICENSE"),
)
# Texts that nothing brings along, and so lie in the checkout.
_QT_TEXTS = (
    ("Qt and Qt for Python: your rights and the sources", "LGPL-3.0-only", SOURCES),
    ("Qt and Qt for Python: LGPL", "LGPL-3.0-only", "LGPL-3.0.txt"),
    ("Qt and Qt for Python: GPL, which the LGPL refers to", "GPL-3.0-only", "GPL-3.0.txt"),
    ("Qt: works of others within", "", "Qt-third-party.txt"),
)
_INSIDE = {
    "OpenSSL in CPython": "Apache-2.0.txt",
    "OpenSSL in cryptography": "Apache-2.0.txt",
    "SQLite": "SQLite.txt",
    "SQLite3 Multiple Ciphers": "SQLite3MultipleCiphers.txt",
}
_SAYS_LICENCE = ("licen", "copying", "notice")

_SOURCES_TEXT = """\
Qt {qt} and Qt for Python (PySide6, shiboken6) {qt}
==========================================================

This copy of LumeDesk {version} is made with Qt {qt} and Qt for Python {qt}. Both are The Qt Company's and its contributors'
work, used here under the GNU Lesser General Public License, version 3 (LGPL-3.0.txt, which refers to GPL-3.0.txt). Neither was
changed: they are the libraries that The Qt Company publishes as the packages PySide6-Essentials {qt} and shiboken6 {qt}.

Their source
------------

Qt              https://download.qt.io/official_releases/qt/{minor}/{qt}/single/
                https://download.qt.io/archive/qt/{minor}/{qt}/single/
Qt for Python   https://download.qt.io/official_releases/QtForPython/pyside6/PySide6-{qt}-src/
                https://code.qt.io/cgit/pyside/pyside-setup.git/tag/?h=v{qt}

Should none of these hold it any more: for as long as this version of LumeDesk is offered, and for three years after it was
offered last, whoever offers it gives the complete source of both to anyone who asks there, at no more than the cost of handing
it over.

Putting your own build in their place
-------------------------------------

You may change Qt and Qt for Python, and use LumeDesk with what you changed. All of it lies in files of its own, which LumeDesk
loads when it starts, and nothing in the program checks that they are the ones it came with:

Windows   _internal\\PySide6 and _internal\\shiboken6 in the program's folder
Linux     _internal/PySide6 (Qt's libraries in Qt/lib, its plugins in Qt/plugins) and _internal/shiboken6
macOS     LumeDesk.app/Contents/Frameworks/PySide6 and .../shiboken6; afterwards, so that the system starts the program again:
          codesign --force --deep --sign - LumeDesk.app

Build the same version, or a later one that is compatible with it, and put your files over those of the same name. LumeDesk's own
source comes under the MIT licence, so you may also run it from there with any Qt for Python that you like. You may take apart
and study the program as far as that is needed to make your changes work.
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the index. `file` is a text in the same folder."""

    name: str
    version: str
    licence: str
    file: str


def sources_text(qt: str) -> str:
    """Where the source of that version of Qt is, and how to replace it in a bundle."""
    return _SOURCES_TEXT.format(qt=qt, minor=".".join(qt.split(".")[:2]), version=VERSION)


def static_index(qt: str) -> list[Notice]:
    """What a checkout shows: our own, and what no package brings."""
    own = [Notice(name, VERSION if name == "LumeDesk" else "", licence, file) for name, licence, file, _ in OWN]
    return [*own, *(Notice(name, qt, licence, file) for name, licence, file in _QT_TEXTS)]


def write_static(folder: Path) -> None:
    """Write what a checkout keeps in resources/licences/ and what follows from other files of it."""
    for _, _, file, source in OWN:
        shutil.copyfile(ROOT / source, folder / file)
    (folder / SOURCES).write_text(sources_text(parts.qt_version()), encoding="utf-8", newline="\n")
    _write_index(folder, static_index(parts.qt_version()))


def gather(folder: Path, system: System | None = None) -> list[Notice]:
    """Fill `folder` for a bundle. Shape: the index, ours first, then by name. Errors: PartMissing with the package's name."""
    system = system or parts.this_system()
    write_static(folder)
    found = [_of_package(folder, each) for each in parts.packages(system) if parts.name_of(each) not in _LGPL]
    found += [_of_python(folder, system), *_of_inside(folder, system), *_of_bootloader(folder)]
    index = [*static_index(parts.qt_version()), *sorted(found, key=lambda each: each.name.casefold())]
    _write_index(folder, index)
    return index


def _of_package(folder: Path, package: Distribution) -> Notice:
    name = parts.name_of(package)
    file = f"{name}.txt"
    (folder / file).write_text(_text_of(package), encoding="utf-8", newline="\n")
    return Notice(name, package.version, parts.licence_of(package), file)


def _text_of(package: Distribution) -> str:
    """All licence texts of a package, one after the other. Errors: PartMissing where there is none."""
    listed = [each for each in package.files or () if ".dist-info" in each.parts[0]]
    texts = []
    for each in sorted(listed, key=str):
        if any(word in each.name.lower() for word in _SAYS_LICENCE):
            text = Path(str(package.locate_file(each))).read_text(encoding="utf-8", errors="replace").strip()
            texts += [f"{each.name}\n\n{text}\n"] if text else []
    if not texts:
        raise PartMissing(f"{parts.name_of(package)} {package.version} brings no licence text.")
    rule = "\n" + "-" * 72 + "\n\n"
    return texts[0].partition("\n\n")[2] if len(texts) == 1 else rule.join(texts)


def _of_python(folder: Path, system: System) -> Notice:
    """CPython keeps its licence beside its library, on Windows beside its program."""
    for place in (Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)):
        for name in ("LICENSE.txt", "LICENSE"):
            if (place / name).is_file():
                shutil.copyfile(place / name, folder / "CPython.txt")
                return Notice("CPython", parts.python_version(system), "PSF-2.0", "CPython.txt")
    raise PartMissing(f"CPython {parts.python_version()} brings no licence text.")


def _of_inside(folder: Path, system: System) -> list[Notice]:
    inside = parts.within(system)
    for name, file in _INSIDE.items():
        if not (folder / file).is_file():
            raise PartMissing(f"The licence of {name} is missing: {file} isn't in {folder}.")
    return [Notice(name, inside[name][0], inside[name][1], file) for name, file in _INSIDE.items()]


def _of_bootloader(folder: Path) -> list[Notice]:
    """The small program that starts a frozen one; a checkout without PyInstaller freezes nothing."""
    try:
        package = distribution("pyinstaller")
    except PackageNotFoundError:
        return []
    (folder / "PyInstaller.txt").write_text(_text_of(package), encoding="utf-8", newline="\n")
    licence = "GPL-2.0-or-later WITH Bootloader-exception"
    return [Notice("PyInstaller's bootloader", package.version, licence, "PyInstaller.txt")]


def _write_index(folder: Path, index: Sequence[Notice]) -> None:
    missing = [each.file for each in index if not (folder / each.file).is_file()]
    if missing:
        raise PartMissing(f"The folder {folder} lacks {', '.join(missing)}.")
    text = json.dumps([asdict(each) for each in index], indent=1, ensure_ascii=False)
    (folder / INDEX).write_text(text + "\n", encoding="utf-8", newline="\n")


def main(arguments: Sequence[str]) -> int:
    """Fill the folder that is named. Shape: the exit code."""
    parser = argparse.ArgumentParser(prog="python -m installers.notices", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--windows", nargs=2, metavar=("SITE", "PYTHON"), help="the packages of a Windows bundle")
    parser.add_argument("--static", action="store_true", help="only what a checkout keeps")
    options = parser.parse_args(arguments)
    try:
        if options.static:
            write_static(options.folder)
        else:
            gather(
                options.folder,
                parts.windows_system(Path(options.windows[0]), options.windows[1]) if options.windows else None,
            )
    except PartMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
