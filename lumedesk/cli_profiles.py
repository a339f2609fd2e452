"""`lumedesk profile`: profiles made, listed, tried and removed without a window. Secrets come by prompt or standard input."""

import argparse
import asyncio
import getpass
import math
import sys
from pathlib import Path

from lumedesk.api.probe import Verdict, test_connection
from lumedesk.cli_parser import Refused, say
from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.lock import passphrase_problem
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.domain.text import shown
from lumedesk.keychain import Keychain, KeychainTrouble, MemoryKeychain, NoKeychain, Vault, system_keychain
from lumedesk.store.paths import ProfilePaths, profile_paths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import list_profiles, read_profile, restore, retired
from lumedesk.work.connecting import address_problem, endpoint_of
from lumedesk.work.profiles import NotRemoved, ProfileExists, RecordsUnreadable, enrol, has_records, remove

_EXIT_FAILED = 1


def main(options: argparse.Namespace, data_dir: Path) -> int:
    """Do one task. Shape: the exit code. Errors: Refused, BadProfile, BadProfileName."""
    try:
        match options.task:
            case "add":
                return _add(options, data_dir)
            case "list":
                return _list(data_dir)
            case "test":
                return _test(data_dir, options.name)
            case "restore":
                return _restore(data_dir, options.name)
            case _:
                return _remove(options, data_dir)
    except KeychainTrouble as trouble:
        raise Refused(f"{trouble.title}. {trouble.advice}\n{trouble}") from trouble
    except (NotWritable, OSError) as error:
        raise Refused(str(error)) from error


def store_key(paths: ProfilePaths, profile: Profile) -> Secret:
    """The key of a profile's records: from the keychain, else by its passphrase. Errors: Refused."""
    why = "The keychain doesn't hold its key."
    try:
        key = Vault(system_keychain(), profile.id).store_key()
    except KeychainTrouble as trouble:
        why = f"{trouble.title}. {trouble.advice}\n{trouble}"
    else:
        if key is not None:
            return key
    if not _has_passphrase(paths):
        raise Refused(f"The records of {profile.name!r} can't be read. {why}")
    return _behind_passphrase(paths, profile, _typed(f"Passphrase of {profile.name}: "))


def _add(options: argparse.Namespace, data_dir: Path) -> int:
    kind = ProfileKind(options.kind)
    paths = profile_paths(data_dir, options.name)
    if paths.marker.exists():
        raise Refused(f"There is a profile {options.name!r} already.")
    url = options.url or kind.suggested_url
    ca_file = str(Path(options.ca_file).expanduser().absolute()) if options.ca_file else ""
    profile = Profile(options.name, kind, options.title, url, options.proxy, ca_file, is_view_only=options.view_only)
    if problem := address_problem(profile):
        raise Refused(problem)
    keychain, passphrase = _keychain_or_passphrase()
    credentials = Credentials(_asked("API key: "), Secret(_asked("API secret: ")))
    if credentials.problem:
        raise Refused(credentials.problem)
    try:
        enrol(data_dir, profile, credentials, keychain, passphrase)
    except ProfileExists as error:
        raise Refused(str(error)) from error
    say(f"The profile {profile.name!r} is made; its key is in {keychain.name}.")
    if not keychain.is_lasting:
        say("This computer has no usable keychain, so the key is asked for at each start.")
    say(f"Try it with: lumedesk profile test {profile.name}")
    return 0


def _keychain_or_passphrase() -> tuple[Keychain, Secret | None]:
    try:
        return system_keychain(), None
    except NoKeychain as trouble:
        say(f"{trouble.title}. {trouble}")
    say("The records are then protected by a passphrase, and the API key is asked for at each start.")
    passphrase = _typed("New passphrase: ")
    if problem := passphrase_problem(passphrase, _typed("Once more: ")):
        raise Refused(problem)
    return MemoryKeychain(), Secret(passphrase)


def _list(data_dir: Path) -> int:
    listed = list_profiles(data_dir)
    if not listed:
        say("There are no profiles yet. Make one: lumedesk profile add NAME")
    for each in listed:
        if each.profile is None:
            say(f"{each.name:20}  {each.problem}")
            continue
        server = each.profile.base_url or "built-in sandbox"
        looks = ", view only" if each.profile.is_view_only else ""
        say(f"{each.name:20}  {each.profile.kind.label:10}  {server}{looks}")
    for name in retired(data_dir):
        say(f"{name:20}  removed, its records are kept; bring it back: lumedesk profile restore {name}")
    return 0


def _test(data_dir: Path, name: str) -> int:
    _, profile = _known(data_dir, name)
    if profile.is_sandbox:
        raise Refused("A sandbox has no connection to test: it starts with its window.")
    credentials = Vault(system_keychain(), profile.id).credentials()
    if credentials is None:
        credentials = Credentials(_asked("API key: "), Secret(_asked("API secret: ")))
    report = asyncio.run(test_connection(endpoint_of(profile), credentials, SystemClock()))
    for step in report.steps:
        say(f"{_MARKS[step.verdict]}  {step.name}: {step.words}")
    return 0 if report.is_good else _EXIT_FAILED


def _remove(options: argparse.Namespace, data_dir: Path) -> int:
    paths, profile = _known(data_dir, options.name)
    keychain = None if profile.is_sandbox else _keychain_or_none()
    try:
        removed = remove(
            paths,
            profile,
            keychain,
            keeps_records=options.keep_records,
            store_key=_key_or_none(paths, profile, keychain),
            may_lose_doubts=options.even_if_unreadable,
        )
    except RecordsUnreadable as error:
        raise Refused(f"{error}\nTo delete them all the same: --delete-records --even-if-unreadable") from error
    except NotRemoved as error:
        raise Refused(str(error)) from error
    if profile.is_sandbox or keychain is not None:
        say(f"The profile {profile.name!r} is removed, and its API key and secret with it.")
    else:
        say(f"The profile {profile.name!r} is removed.")
        say(
            "No keychain was found here. If one elsewhere has held its key, it still does:"
            f" look there for entries that begin with “LumeDesk {profile.id}/”."
        )
    if removed.kept is not None:
        say(f"Its records are kept in {removed.kept}. Bring it back: lumedesk profile restore {removed.kept.name}")
        _say_doubts(removed.doubts)
    return 0


def _say_doubts(doubts: int | None) -> None:
    """Say what is open in records that were kept: out of sight, an order in doubt is easily forgotten."""
    if doubts is None:
        say("They couldn't be read: whether an order in them is still in doubt isn't known.")
    elif doubts:
        say(f"{'An order in them is' if doubts == 1 else f'{doubts} orders in them are'} still in doubt.")


def _keychain_or_none() -> Keychain | None:
    try:
        return system_keychain()
    except NoKeychain:
        return None


def _key_or_none(paths: ProfilePaths, profile: Profile, keychain: Keychain | None) -> Secret | None:
    """The key of the record of movements; None where there is none to read, or whoever is asked does without."""
    if profile.is_sandbox or not paths.journal.exists():
        return None
    key = Vault(keychain, profile.id).store_key() if keychain is not None else None
    if key is not None or not _has_passphrase(paths):
        return key
    prompt = f"Passphrase of {profile.name}, to look for orders in doubt (or nothing): "
    passphrase = _typed(prompt, at_end="")
    return _behind_passphrase(paths, profile, passphrase) if passphrase else None


def _restore(data_dir: Path, name: str) -> int:
    if name not in retired(data_dir):
        raise Refused(f"No records of a removed profile {name!r} are kept.")
    paths = restore(data_dir, name)
    say(f"The profile {name!r} is back" + (", with its records." if has_records(paths) else "."))
    say("Its API key is asked for when it is opened.")
    return 0


def _known(data_dir: Path, name: str) -> tuple[ProfilePaths, Profile]:
    paths = profile_paths(data_dir, name)
    profile = read_profile(paths)
    if profile is None:
        raise Refused(f"There is no profile {shown(name)!r}.")
    return paths, profile


_MARKS = {Verdict.PASSED: "passed ", Verdict.FAILED: "FAILED ", Verdict.WARNED: "warning", Verdict.SKIPPED: "-      "}


def _has_passphrase(paths: ProfilePaths) -> bool:
    """Whether one is set, be it one that can't be checked."""
    return paths.lock.is_symlink() or paths.lock.exists()


def _behind_passphrase(paths: ProfilePaths, profile: Profile, passphrase: str) -> Secret:
    """The key that this passphrase opens. A wrong one counts and makes wait, as in the window. Errors: Refused."""
    # Only here: the command must have its words even where Qt can't be loaded.
    from lumedesk.work.locking import PassphraseDoor

    door = PassphraseDoor(paths.lock, profile.id, SystemClock())
    if door.wait_s > 0:
        raise Refused(
            f"After wrong passphrases the next try has to wait: {math.ceil(door.wait_s)} s. Nothing was tried."
        )
    opened = asyncio.run(door.open(Secret(passphrase)))
    if opened.store_key is None:
        wait = f" The next try has to wait {math.ceil(opened.wait_s)} s." if opened.wait_s > 0 else ""
        raise Refused(f"{opened.words}{wait}")
    return opened.store_key


def _asked(prompt: str) -> str:
    """One line without what surrounds it: of a key that was pasted, blanks are no part."""
    return _typed(prompt).strip()


def _typed(prompt: str, at_end: str | None = None) -> str:
    """One line as it is, typed unseen, or from standard input where that is no terminal; `at_end` where that has ended.

    Errors: Refused at its end.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass(prompt)
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line and at_end is not None:
        return at_end
    if not line:
        raise Refused(f"{prompt.strip(': ')}: nothing came on standard input, one line each was expected.")
    return line.removesuffix("\n").removesuffix("\r")
