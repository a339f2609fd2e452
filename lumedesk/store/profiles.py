"""The profiles of one data folder: what each is, which was opened last, and how one goes. Never a secret."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from lumedesk.domain.profiles import Colour, Listed, Profile, ProfileKind
from lumedesk.store.paths import BadProfileName, ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.private_file import NotReadable, is_newer, read_json, write_json

# The first files didn't say one.
_VERSION = 1
_LAST = "desk.json"
_KEPT = "removed"
# Leaves room for a number in a name of 40 characters.
_MAX_STEM = 32


class BadProfile(Exception):
    """A profile that can't be opened; the text says why."""


def read_profile(paths: ProfilePaths) -> Profile | None:
    """What the folder is; None where no profile was made there. Errors: BadProfile."""
    try:
        told = read_json(paths.marker)
    except (NotReadable, OSError) as error:
        raise BadProfile(f"{paths.marker} can't be read: {error}") from error
    if told is None:
        if paths.journal.exists():
            raise BadProfile(f"{paths.folder} holds records, but not what kind of profile they belong to.")
        return None
    if is_newer(told, _VERSION):
        raise BadProfile(f"{paths.marker} was written by a newer LumeDesk. Update this one to open the profile.")
    profile = _profile(paths.folder.name, told)
    if profile is None:
        raise BadProfile(f"{paths.marker} doesn't describe a profile this LumeDesk knows.")
    return profile


def write_profile(paths: ProfilePaths, profile: Profile) -> None:
    """Keep what a profile is. Errors: NotWritable."""
    facts: dict[str, Any] = {
        "version": _VERSION,
        "kind": profile.kind.value,
        "id": profile.id,
        "title": profile.title,
        "colour": profile.colour.value if profile.colour else "",
        "base_url": profile.base_url,
        "proxy": profile.proxy,
        "extra_ca": profile.extra_ca,
        "view_only": profile.is_view_only,
    }
    write_json(paths.marker, facts)


def list_profiles(data_dir: Path) -> tuple[Listed, ...]:
    """All profiles of a data folder, by name; empty where there are none yet."""
    try:
        names = sorted(each.name for each in (data_dir / "profiles").iterdir() if each.is_dir())
    except OSError:
        return ()
    listed = []
    for name in names:
        try:
            profile = read_profile(profile_paths(data_dir, name))
        except BadProfileName:
            continue
        except BadProfile as error:
            listed.append(Listed(name, None, str(error)))
            continue
        if profile is not None:
            listed.append(Listed(name, profile))
    return tuple(listed)


def free_name(data_dir: Path, wanted: str) -> str:
    """A folder's name for a profile that is called `wanted`, not in use yet."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in wanted.lower())
    base = "-".join(filter(None, plain.split("-")))[:_MAX_STEM] or "profile"
    taken = {each.name for each in list_profiles(data_dir)} | _folders(data_dir)
    name, number = base, 1
    while name in taken or not _is_allowed(data_dir, name):
        number += 1
        name = f"{base}-{number}"
    return name


def last_opened(data_dir: Path) -> str | None:
    """The name of the profile that was opened last; None where that isn't known."""
    try:
        told = read_json(data_dir / _LAST)
    except (NotReadable, OSError):
        return None
    name = told.get("last") if isinstance(told, dict) else None
    return name if isinstance(name, str) else None


def note_opened(data_dir: Path, name: str) -> None:
    """Remember which profile was opened. Errors: NotWritable."""
    if last_opened(data_dir) != name:
        write_json(data_dir / _LAST, {"last": name})


def wipe(paths: ProfilePaths) -> None:
    """Delete a profile with its records, for good. Errors: OSError."""
    if paths.folder.exists():
        shutil.rmtree(paths.folder)
    drop_heads(paths)


def drop_heads(paths: ProfilePaths) -> None:
    """Forget the heads noted under this name, where there are no records (any more) that they guard. Errors: OSError."""
    for log in _logs(paths):
        paths.head_of(log).unlink(missing_ok=True)


def retire(paths: ProfilePaths) -> Path:
    """Take a profile off the list but keep its records. Shape: where they are now. Errors: OSError; then it's still listed.

    The heads go along as copies, made before the folder moves, and the originals go last: wherever this is cut off, the
    records have their heads. Originals that are left over are nobody's; `enrol` and `restore` drop them.
    """
    kept = paths.folder.parent.parent / _KEPT
    make_private_folder(kept)
    for log in _logs(paths):
        # Copies of a move that was cut off earlier are older than the heads are now.
        _drop_copies(paths.folder, log)
        head = paths.head_of(log)
        if head.exists():
            _copy(head, paths.folder / head.name)
    place = _free_place(kept, paths.folder.name)
    paths.folder.rename(place)
    with contextlib.suppress(OSError):
        drop_heads(paths)
    return place


def retired(data_dir: Path) -> tuple[str, ...]:
    """The names of profiles that were removed but whose records were kept."""
    try:
        return tuple(sorted(each.name for each in (data_dir / _KEPT).iterdir() if each.is_dir()))
    except OSError:
        return ()


def restore(data_dir: Path, name: str) -> ProfilePaths:
    """Bring back a retired profile under its name. Errors: OSError, also where a profile of that name is there now.

    As in `retire`, the folder moves when its heads are in both places.
    """
    paths, kept = profile_paths(data_dir, name), ProfilePaths(data_dir / _KEPT / name)
    if paths.folder.exists():
        raise FileExistsError(f"There is a profile {name!r} already.")
    make_private_folder(paths.folder.parent)
    # Whoever retired it held the folder; that is over, and nobody else could hold it since.
    (kept.folder / "lock").unlink(missing_ok=True)
    drop_heads(paths)
    for log in _logs(kept):
        # Named as the profile was when it was retired, which may be otherwise than now.
        copy = min(kept.folder.glob(_copies(log)), default=None)
        if copy is not None:
            _copy(copy, paths.head_of(log))
    kept.folder.rename(paths.folder)
    with contextlib.suppress(OSError):
        for log in _logs(paths):
            _drop_copies(paths.folder, log)
    return paths


def _logs(paths: ProfilePaths) -> tuple[Path, Path]:
    return paths.journal, paths.audit


def _copies(log: Path) -> str:
    """What the copies of a log's head look like in a profile's own folder."""
    return f"*.{log.stem}.json"


def _drop_copies(folder: Path, log: Path) -> None:
    for copy in folder.glob(_copies(log)):
        copy.unlink()


def _copy(head: Path, place: Path) -> None:
    """As it is, damaged or not; durable on return, and there as a whole or not at all. Errors: OSError."""
    make_private_folder(place.parent)
    fresh = place.with_name(f"{place.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(head.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)


def _free_place(kept: Path, name: str) -> Path:
    place, number = kept / name, 1
    while place.exists():
        number += 1
        # It comes back under this name, so it must be one that a profile can have.
        place = kept / f"{name[:_MAX_STEM]}-{number}"
    return place


def _folders(data_dir: Path) -> set[str]:
    try:
        return {each.name for each in (data_dir / "profiles").iterdir()}
    except OSError:
        return set()


def _is_allowed(data_dir: Path, name: str) -> bool:
    try:
        profile_paths(data_dir, name)
    except BadProfileName:
        return False
    return True


def _profile(name: str, told: Any) -> Profile | None:
    if not isinstance(told, dict):
        return None
    texts = {field: told.get(field, "") for field in ("id", "title", "colour", "base_url", "proxy", "extra_ca")}
    view_only = told.get("view_only", False)
    if not all(isinstance(value, str) for value in texts.values()) or not isinstance(view_only, bool):
        return None
    try:
        kind = ProfileKind(told.get("kind"))
        colour = Colour(texts["colour"]) if texts["colour"] else None
    except ValueError:
        return None
    if kind is not ProfileKind.SANDBOX and not (texts["id"] and texts["base_url"]):
        return None
    given = {"id": texts["id"]} if texts["id"] else {}
    return Profile(
        name,
        kind,
        texts["title"],
        texts["base_url"],
        texts["proxy"],
        texts["extra_ca"],
        colour,
        view_only,
        **given,
    )
