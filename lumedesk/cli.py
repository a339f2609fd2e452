"""The command `lumedesk`: reads its options, says in plain words why it can't start, and opens the desk otherwise."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lumedesk import __version__
from lumedesk.store.paths import BadProfileName, ProfilePaths, default_data_dir, profile_paths

EXIT_BROKEN = 1
EXIT_CANNOT_START = 2
_SANDBOX = "sandbox"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Shape: the exit code; 2 when the desk can't start."""
    options = _parser().parse_args(arguments)
    try:
        name, paths = _profile(options)
    except BadProfileName as error:
        return _refuse(str(error))
    if options.command == "audit":
        return _audit(options, paths)
    if _lacks_display():
        return _refuse(
            "LumeDesk needs a display, and this computer offers none (neither DISPLAY nor WAYLAND_DISPLAY is set).\n"
            "Start it from a desktop session; over SSH connect with `ssh -X`; on a server run it under `xvfb-run -a`."
        )
    # Qt is loaded only now: the words above must come even where it can't be.
    from lumedesk.app import CannotStart, Setup, run
    from lumedesk.store.mirror import MirrorError

    try:
        return run(Setup(name, paths, offline=options.offline))
    except (CannotStart, MirrorError) as error:
        return _refuse(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lumedesk", description="A desktop treasury workstation for Lumetrade.")
    parser.add_argument("--version", action="version", version=f"LumeDesk {__version__}")
    parser.add_argument("--sandbox", action="store_true", help="rehearse with invented money (the default)")
    parser.add_argument("--profile", metavar="NAME", help="open this profile; with --sandbox, make it if it is new")
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="keep all files under DIR")
    parser.add_argument("--offline", action="store_true", help="show what was saved last; send and fetch nothing")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    audit = commands.add_parser("audit", help="check or export the audit log of a profile")
    audit.add_argument("task", choices=("verify", "export"))
    audit.add_argument("file", nargs="?", type=Path, help="for export: where to, as .csv or .json")
    return parser


def _audit(options: argparse.Namespace, paths: ProfilePaths) -> int:
    from lumedesk.exports.audit import write_audit
    from lumedesk.store.audit import verify
    from lumedesk.store.chain import ChainBroken, ChainUnwritable

    if not paths.audit.exists():
        return _refuse(f"There is no audit log in {paths.folder}.")
    try:
        rows = verify(paths.audit, paths.head_of(paths.audit))
        if options.task == "export":
            if options.file is None:
                return _refuse("Say where to: lumedesk audit export FILE.csv")
            _say(f"{write_audit(rows, options.file)} entries written to {options.file}.")
    except (ChainBroken, ChainUnwritable, OSError) as error:
        return _refuse(f"The audit log does not hold. {error}", code=EXIT_BROKEN)
    if options.task == "verify":
        head = f" The last one is {rows[-1].hash}." if rows else ""
        _say(f"The audit log holds: {len(rows)} entries, each chained to the one before.{head}")
    return 0


def _profile(options: argparse.Namespace) -> tuple[str, ProfilePaths]:
    data_dir = (options.data_dir or default_data_dir()).expanduser().absolute()
    name = _SANDBOX if options.profile is None else options.profile
    paths = profile_paths(data_dir, name)
    if options.profile and not options.sandbox and name != _SANDBOX and not paths.marker.exists():
        raise BadProfileName(
            f"There is no profile {name!r}. Make a rehearsal profile with: lumedesk --sandbox --profile {name}\n"
            "This version connects to the sandbox only; profiles with an API key come with the keychain."
        )
    return name, paths


def _lacks_display() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _refuse(why: str, code: int = EXIT_CANNOT_START) -> int:
    print(f"lumedesk: {why}", file=sys.stderr)  # noqa: T201 - the command's own voice
    return code


def _say(what: str) -> None:
    print(what)  # noqa: T201 - the command's own voice
