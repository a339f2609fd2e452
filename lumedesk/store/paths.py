"""Where the desk keeps its files: one folder per profile, closed to other users of the computer."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
# Names that Windows keeps for devices, whatever the case.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


class BadProfileName(ValueError):
    """A profile name that can't be a folder's name everywhere."""


def default_data_dir() -> Path:
    """The platform's folder for application data."""
    return Path(platformdirs.user_data_dir("LumeDesk", appauthor=False))


@dataclass(frozen=True, slots=True)
class ProfilePaths:
    """The files of one profile."""

    folder: Path

    @property
    def mirror(self) -> Path:
        """The local copy of the server's records."""
        return self.folder / "mirror.sqlite"

    @property
    def marker(self) -> Path:
        """Says that the profile exists and what kind it is."""
        return self.folder / "profile.json"


def profile_paths(data_dir: Path, name: str) -> ProfilePaths:
    """The paths of profile `name`; touches no disk. Errors: BadProfileName."""
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise BadProfileName("A profile's name is 1 to 40 letters, digits, hyphens or underscores.")
    return ProfilePaths(data_dir / "profiles" / name)


def make_private_folder(folder: Path) -> None:
    """Make `folder` and its parents, readable by this user alone. Errors: OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix":
        folder.chmod(0o700)
