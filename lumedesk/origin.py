"""What this copy of LumeDesk is made of and made from: the licence texts that ship with it, and its commit."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumedesk.assets import resources
from lumedesk.domain.text import shown

# What a built copy is told of itself; a checkout has no such file.
COMMIT_FILE = "commit.txt"

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MAX_BYTES = 2_000_000
_MAX_NAME = 120
_FOLDER = "licences"
# What is there in every checkout; a build adds an index of all that it holds.
_ALWAYS = (("Inter (typeface)", "OFL-1.1", "fonts/LICENSE"), ("Lucide (icons)", "ISC", "icons/LICENSE"))


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the program under a licence of its own. `path` is where the licence's text is."""

    name: str
    version: str
    licence: str
    path: Path

    @property
    def title(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.version}".strip()

    def text(self) -> str:
        """The licence's text, safe to show line by line; where it can't be read, that is what it says."""
        try:
            with self.path.open("rb") as file:
                body = file.read(_MAX_BYTES)
        except OSError as error:
            return f"{self.path.name} can't be read: {error.strerror}."
        lines = body.decode("utf-8", errors="replace").expandtabs().splitlines()
        return "\n".join(shown(line.rstrip()) for line in lines)


def components(folder: Path | None = None) -> tuple[Component, ...]:
    """All parts whose licences are known, as `resources/licences/index.json` lists them; never empty where there is a text.

    Without such an index, or with one that can't be read, the texts that are there. `folder` is resources/, as found.
    """
    folder = resources() if folder is None else folder
    listed = _indexed(folder / _FOLDER)
    if listed:
        return listed
    always = (Component(name, "", licence, folder / path) for name, licence, path in _ALWAYS)
    loose = (Component(path.stem, "", "", path) for path in sorted((folder / _FOLDER).glob("*.txt")))
    own = Component("LumeDesk", "", "MIT", folder.parent / "LICENSE")
    return tuple(each for each in (own, *always, *loose) if each.path.is_file())


def commit(folder: Path | None = None) -> str:
    """The commit that this copy was built from, or that the checkout is at; empty where that isn't known."""
    folder = resources() if folder is None else folder
    told = _line(folder / COMMIT_FILE) or _of_checkout(folder.parent / ".git")
    return told if _COMMIT.fullmatch(told) else ""


def _indexed(folder: Path) -> tuple[Component, ...]:
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    return tuple(filter(None, (_component(folder, each) for each in index))) if isinstance(index, list) else ()


def _component(folder: Path, told: Any) -> Component | None:
    if not isinstance(told, dict):
        return None
    name, version, licence, file = (told.get(each, "") for each in ("name", "version", "licence", "file"))
    texts = (name, version, licence, file)
    if not (name and file and all(isinstance(each, str) for each in texts)):
        return None
    path = folder / file
    # A list of texts in this folder, not a way to any file.
    if not path.resolve().is_relative_to(folder.resolve()):
        return None
    return Component(shown(name, _MAX_NAME), shown(version, _MAX_NAME), shown(licence, _MAX_NAME), path)


def _of_checkout(git: Path) -> str:
    head = _line(git / "HEAD")
    if not head.startswith("ref: "):
        return head
    reference = head.removeprefix("ref: ")
    return _line(git / reference) or _packed(git / "packed-refs", reference)


def _packed(path: Path, reference: str) -> str:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return ""
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {reference}")), "")


def _line(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            return file.readline(200).strip()
    except (OSError, ValueError):
        return ""
