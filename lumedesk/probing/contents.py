"""Checks that nothing is missing from the program: its modules, the libraries it stands on, and its files."""

import json
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from xml.etree import ElementTree

import lumedesk
from lumedesk import assets
from lumedesk.probing.findings import Failed, Finding, note, ok

# By the name of what is imported and the name it is installed by.
_LIBRARIES = {
    "apsw": "apsw-sqlite3mc",
    "argon2": "argon2-cffi",
    "cryptography.x509": "cryptography",
    "h11": "h11",
    "httpx": "httpx",
    "keyring": "keyring",
    "msgspec": "msgspec",
    "platformdirs": "platformdirs",
    "PySide6.QtWidgets": "pyside6-essentials",
    "segno": "segno",
    "truststore": "truststore",
}
_CONTRACT = "lumetrade-v1.openapi.yaml"


def imports() -> Iterator[Finding]:
    """Import every module of the program, and every library it names."""
    modules = [each.name for each in pkgutil.walk_packages(lumedesk.__path__, "lumedesk.")]
    # To import what is started by its name would start it.
    modules = [name for name in modules if not name.endswith("__main__")]
    if "lumedesk.cli" not in modules:
        raise Failed("The program's modules can't be listed.")
    broken = list(filter(None, map(_broken, [*modules, *_LIBRARIES])))
    if broken:
        raise Failed("; ".join(broken))
    yield ok("imports", f"{len(modules)} modules and {len(_LIBRARIES)} libraries")
    untold = [name for name in _LIBRARIES.values() if _version(name) is None]
    if untold:
        raise Failed(f"The versions of {', '.join(untold)} aren't told.")
    yield ok("versions", ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES.values()))


def resources() -> Iterator[Finding]:
    """Read every file that ships with the program."""
    folder = assets.resources()
    icons = sorted((folder / "icons").glob("*.svg"))
    if not icons:
        raise Failed(f"There are no icons in {folder}.")
    for icon in icons:
        ElementTree.fromstring(assets.icon_svg(icon.stem))  # noqa: S314 - the program's own file
    fonts = assets.fonts()
    if not fonts:
        raise Failed(f"There are no fonts in {folder}.")
    empty = [each.name for each in folder.rglob("*") if each.is_file() and not each.stat().st_size]
    if empty:
        raise Failed(f"Empty: {', '.join(empty)}.")
    if "openapi" not in (folder / _CONTRACT).read_text(encoding="utf-8"):
        raise Failed(f"{_CONTRACT} isn't the API's contract.")
    yield ok("resources", f"{len(icons)} icons, {len(fonts)} fonts, the API's contract, in {folder}")
    release = folder / "release.json"
    if release.exists():
        yield ok("release", f"{len(json.loads(release.read_bytes()))} settings")
    licences = [each for each in (folder / "licences").rglob("*") if each.is_file()]
    if licences:
        yield ok("licences", f"{len(licences)} files")
    elif getattr(sys, "frozen", False):
        raise Failed("The licences of what this program is made of are missing.")
    else:
        yield note("licences", "None in this checkout.")


def _broken(module: str) -> str:
    """Why it can't be imported; empty when it can."""
    try:
        import_module(module)
    except Exception as error:  # noqa: BLE001 - a library may raise anything while it is loaded
        return f"{module}: {type(error).__name__}: {error}"
    return ""


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
