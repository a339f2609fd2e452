"""Compares two builds file by file, and says what differs: the proof that the same sources give the same bytes."""

import hashlib
import os
import stat
from pathlib import Path


def differences(first: Path, second: Path) -> list[str]:
    """A line for each path that isn't alike in both, sorted; empty when nothing differs. Two files, or two folders.

    Alike are: the bytes, whether it may be run, and where a link leads. Whose it is and of when is the archive's to say.
    Errors: FileNotFoundError.
    """
    for place in (first, second):
        if not place.exists():
            raise FileNotFoundError(f"{place} is not there.")
    ours, theirs = _facts(first), _facts(second)
    lines = []
    for path in sorted(ours.keys() | theirs.keys()):
        if path not in theirs:
            lines.append(f"{path}: only in {first}")
        elif path not in ours:
            lines.append(f"{path}: only in {second}")
        elif ours[path] != theirs[path]:
            lines.append(f"{path}: {' and '.join(_unlike(ours[path], theirs[path]))} differ")
    return lines


def count(place: Path) -> int:
    """How many files and links are compared there."""
    return len(_facts(place))


def _facts(place: Path) -> dict[str, dict[str, str]]:
    """By the path within `place`: what is compared."""
    if place.is_file():
        return {"the file": _of(place)}
    paths = [each for each in place.rglob("*") if each.is_symlink() or each.is_file()]
    return {each.relative_to(place).as_posix(): _of(each) for each in paths}


def _of(path: Path) -> dict[str, str]:
    if path.is_symlink():
        return {"the links": str(path.readlink())}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    runs = os.name == "posix" and bool(path.stat().st_mode & stat.S_IXUSR)
    return {"the bytes": digest, "the rights to run it": str(runs)}


def _unlike(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    return [what for what in (ours | theirs) if ours.get(what) != theirs.get(what)]
