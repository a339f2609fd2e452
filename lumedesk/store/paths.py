"""Where the desk keeps its files: one folder per profile, closed to other users of the computer."""

import os
import re
import sys
from itertools import takewhile
from pathlib import Path

import msgspec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
# Names that Windows keeps for devices, whatever the case.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


class BadProfileName(ValueError):
    """A profile name that can't be a folder's name everywhere."""


def default_data_dir() -> Path:
    """The platform's folder for application data."""
    # Only here: where the folder is named it would be loaded for nothing.
    # Only here: where the folder is named it would be loaded for nothing.
    import platformdirs

    return Path(platformdirs.user_data_dir("LumeDesk", appauthor=False))


class ProfilePaths(msgspec.Struct, frozen=True):
    """The files of one profile."""

    folder: Path

    @property
    def mirror(self) -> Path:
        """The local copy of the server's records."""
        return self.folder / "mirror.sqlite"

    @property
    def journal(self) -> Path:
        """The record of movements."""
        return self.folder / "journal.sqlite"

    @property
    def preferences(self) -> Path:
        """How the operator likes quotes."""
        return self.folder / "preferences.json"

    @property
    def audit(self) -> Path:
        """The audit log."""
        return self.folder / "audit.sqlite"

    @property
    def limits(self) -> Path:
        """The desk's own limits on withdrawals."""
        return self.folder / "limits.json"

    @property
    def seen(self) -> Path:
        """The beneficiaries' details as the operator last saw them."""
        return self.folder / "seen.json"

    @property
    def filters(self) -> Path:
        """The filters of the histories that were saved by name."""
        return self.folder / "filters.json"

    @property
    def retention(self) -> Path:
        """How long finished records are kept."""
        return self.folder / "data.json"

    @property
    def owner(self) -> Path:
        """Which key the records were last read with."""
        return self.folder / "owner.json"

    @property
    def lock(self) -> Path:
        """The passphrase's file; there is none where no passphrase is set."""
        return self.folder / "lock.json"

    def head_of(self, log: Path) -> Path:
        """Where the head of a chained log is noted: away from the log, so that a folder set back gives itself away."""
        return self.folder.parent.parent / "heads" / f"{self.folder.name}.{log.stem}.json"

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
    """Make `folder` and its parents, those that are missing readable by this user alone. Errors: OSError."""
    missing = takewhile(lambda each: not each.is_dir(), (folder, *folder.parents))
    # One by one: mkdir(parents=True) gives parents the mode that the umask happens to leave.
    for each in reversed(list(missing)):
        each.mkdir(exist_ok=True, mode=0o700)
    if os.name == "posix":
        folder.chmod(0o700)


# File systems whose locks or syncs can't be relied on between computers.
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "davfs", "ceph", "lustre", "glusterfs"}
    | {f"fuse.{name}" for name in ("sshfs", "rclone", "gvfsd-fuse", "glusterfs", "ceph", "smbnetfs", "davfs")}
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_network_drive(folder: Path) -> bool:
    """Whether `folder`, or where it will be made, lies on a network drive, as far as the system tells."""
    if sys.platform == "win32":
        import ctypes

        drive_remote = 4
        root = str(folder.absolute().anchor)
        return bool(root.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(root) == drive_remote)
    try:
        mounts = _MOUNTS.read_text().splitlines()
    except OSError:
        return False
    best = ("", "")
    place = f"{folder.resolve()}/"
    for line in mounts:
        head, _, tail = line.partition(" - ")
        point = head.split(" ")[4].replace("\\040", " ")
        if place.startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, tail.split(" ")[0])
    return best[1] in _NETWORK_TYPES
