"""The frozen folder: what goes into it, what stays out, and the run of PyInstaller that makes it. The same on every system."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from lumedesk import __version__

NAME = "LumeDesk"
VERSION = __version__

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "packaging" / "lumedesk.spec"

# Parts of Python that are found by a look at the imports, and that the desk never reaches.
EXCLUDES = (
    "PIL", "PySide6.QtNetwork", "PySide6.QtOpenGL", "PySide6.QtQml", "PySide6.QtQuick", "_pyrepl", "attr", "attrs", "chardet",
    "curses", "doctest", "ensurepip", "idlelib", "lib2to3", "lxml", "multiprocessing", "numpy", "pdb", "pip",
    "pkg_resources", "pydoc", "pydoc_data", "readline", "setuptools", "sqlite3", "test", "tkinter", "trio", "turtle",
    "unittest", "wheel", "xmlrpc",
)  # fmt: skip

# Of Qt's plugins, what an operator's desktop needs: its windows, its input methods, its look, and SVG.
_PLUGINS = re.compile(
    r"""/plugins/(
        platforms/(lib)?q(xcb|wayland|offscreen|windows|cocoa)
      | platforminputcontexts/libq?(compose|ibus)
      | platformthemes/libqxdgdesktopportal
      | wayland-(shell-integration/libxdg-shell|decoration-client/)
      | iconengines/
      | imageformats/(lib)?q(svg|ico)\b
      | styles/
    )""",
    re.VERBOSE,
)

# What belongs to the computer and must fit its drivers, its fonts and its session: a library of another age breaks them.
# What a graphics driver loads as well counts among it.
_SYSTEMS_OWN = re.compile(
    r"""^lib(
        GL | EGL | GLX | GLdispatch | OpenGL | gbm | drm | vulkan | stdc\+\+ | gcc_s | z | zstd | lzma | ffi | uuid
      | X11 | X11-xcb | Xau | Xdmcp | xcb | xcb-(randr|render|shm|sync|xfixes|xkb|glx|dri2|dri3|present) | xkbcommon(-x11)?
      | fontconfig | freetype | expat | png16 | brotli\w+ | glib-2\.0 | gthread-2\.0 | pcre2-8 | dbus-1 | systemd | wayland-\w+
    )\.so""",
    re.VERBOSE,
)

# OpenGL without a graphics card, and what Wine's own Windows lacks: each Windows since 10 has the latter itself.
_UNUSED = re.compile(r"^(opengl32sw\.dll|d3dcompiler_\w+\.dll|icuuc\.dll|mscms\.dll)$", re.IGNORECASE)


# What PyInstaller would run before the desk: each takes time at every start, and the last two leave settings in the environment
# that programs started by the desk would follow. Qt finds its plugins without them where it lies as in its wheel.
_NEEDLESS_HOOKS = {
    "pyi_rth_inspect",
    "pyi_rth_cryptography_openssl",
    *(() if sys.platform == "darwin" else ("pyi_rth_pyside6",)),
}


def runs(script: str) -> bool:
    """Whether a script that PyInstaller would run at the start is one that the desk needs."""
    return script not in _NEEDLESS_HOOKS


def is_kept(path: str) -> bool:
    """Whether a file that PyInstaller found belongs into the folder. `path`: its place in there."""
    path = "/" + path.replace("\\", "/")
    name = path.rpartition("/")[2]
    if "/plugins/" in path and "PySide6" in path:
        return _PLUGINS.search(path) is not None
    if "/translations/" in path or "/qml/" in path:
        return False
    if ".dist-info/" in path:
        # Versions are read from it. The rest says where and how it was installed, or is among the licences anyway.
        return name == "METADATA"
    return not (_SYSTEMS_OWN.search(name) or _UNUSED.search(name))


def is_library(path: str) -> bool:
    """Whether the file is there only because another one needs it: a shared library that is no part of Python."""
    name = path.rpartition("/")[2]
    # Python's own is loaded by name: nothing asks the loader for it.
    return re.match(r"lib(?!python)[^/]+\.so(\.|$)", name) is not None and "/plugins/" not in path


def reachable(files: Iterable[tuple[str, str]], needs: Callable[[str], set[str]]) -> set[str]:
    """Which of the files something leads to: all but libraries that nothing kept needs any more.

    Shape: the places in the folder. `files`: each place and where it comes from; `needs`: the libraries' names that a file
    asks the loader for.
    """
    files = list(files)
    waiting = [(place, source) for place, source in files if not is_library(place)]
    found = set[str]()
    while waiting:
        place, source = waiting.pop()
        if place in found:
            continue
        found.add(place)
        names = needs(source)
        waiting += [each for each in files if each[0].rpartition("/")[2] in names]
    return found


def strangers(contents: Path, known: set[str]) -> set[str]:
    """The packages in the frozen program that aren't `known`: nobody chose to ship them, and their licences aren't with it.

    `contents`: PyInstaller's own list of the modules, PYZ-00.toc in its work folder; `known` in lower case with hyphens.
    """
    _, modules = ast.literal_eval(contents.read_text(encoding="utf-8"))[:2]
    found = set[str]()
    owners = packages_distributions()
    for name, path, _kind in modules:
        if "site-packages" in (path or ""):
            found |= {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners.get(name.partition(".")[0], ())}
    return {owner for owner in found if owner not in known}


def freeze(python: Path | str, *, out: Path, work: Path, root: Path = ROOT) -> Path:
    """Run PyInstaller of that Python over the checkout `root`. Shape: the folder, or the .app. Errors: CalledProcessError."""
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR"]
    command += ["--distpath", str(out), "--workpath", str(work), str(root / "packaging" / "lumedesk.spec")]
    subprocess.run(command, cwd=root, env=environment(), check=True)
    return out / (f"{NAME}.app" if sys.platform == "darwin" else NAME)


def environment() -> dict[str, str]:
    """The environment of a build: the same from run to run."""
    fixed = {"PYTHONHASHSEED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    return {**os.environ, **fixed}


def icon() -> str | None:
    """The program's icon in the form that this system's programs carry, made beforehand; None where they carry none."""
    kind = {"win32": "ico", "darwin": "icns"}.get(sys.platform)
    return None if kind is None else str(ROOT / "build" / "icons" / f"lumedesk.{kind}")
