"""The command `lumedesk`: reads its options, says in plain words why it can't start, and opens the desk otherwise."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lumedesk import __version__
from lumedesk.cli_parser import Refused, add_profile_parser, say
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.links import is_link, page_of
from lumedesk.store.paths import BadProfileName, default_data_dir, profile_paths
from lumedesk.store.profiles import BadProfile, last_opened, list_profiles, read_profile

EXIT_BROKEN = 1
EXIT_CANNOT_START = 2
_SANDBOX = "sandbox"
_SERVE_SANDBOX = "--serve-sandbox"
_ERROR_ICON = 0x10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Shape: the exit code; 2 when the desk can't start."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments[:1]) == [_SERVE_SANDBOX]:
        from lumedesk.sandbox import __main__ as sandbox

        return sandbox.main(list(arguments[1:]))
    page = ""
    if is_link(arguments):
        page, arguments = page_of(arguments), []
        if not page:
            return _refuse("This link names no page of LumeDesk; nothing was opened.")
    options = _parser().parse_args(arguments)
    if options.probe:
        return _probe(options)
    data_dir = (options.data_dir or default_data_dir()).expanduser().absolute()
    try:
        if options.command == "profile":
            # Here and below: what a command needs is loaded for that command only.
            from lumedesk import cli_profiles

            return cli_profiles.main(options, data_dir)
        profile = _profile(options, data_dir)
        if options.offline and profile is not None and profile.is_sandbox:
            raise Refused("A sandbox is a new world each time: there is nothing of it to look at offline.")
        if options.command == "audit":
            return _audit(options, data_dir, profile)
    except (BadProfileName, BadProfile, Refused) as error:
        return _refuse(str(error))
    if _lacks_display():
        return _refuse(
            "LumeDesk needs a display, and this computer offers none (neither DISPLAY nor WAYLAND_DISPLAY is set).\n"
            "Start it from a desktop session; over SSH connect with `ssh -X`; on a server run it under `xvfb-run -a`."
        )
    # Qt is loaded only now: the words above must come even where it can't be.
    from lumedesk.running import run

    return run(data_dir, profile, offline=options.offline, page=page)


class _Parser(argparse.ArgumentParser):
    """Refuses as the rest of the command does: the windowed program has nowhere else to say it."""

    def error(self, message: str) -> NoReturn:
        """Say how it is used and what is wrong, and end with exit code 2."""
        if sys.stderr is not None:
            super().error(message)
        raise SystemExit(_refuse(f"{self.format_usage()}\n{message}"))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lumedesk", description="A desktop treasury workstation for Lumetrade.")
    parser.add_argument("--version", action="version", version=f"LumeDesk {__version__}")
    parser.add_argument("--sandbox", action="store_true", help="rehearse with invented money")
    parser.add_argument("--profile", metavar="NAME", help="open this profile; with --sandbox, make it if it is new")
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="keep all files under DIR")
    parser.add_argument("--probe", action="store_true", help="check this program itself, say what was found, and end")
    parser.add_argument("--report", metavar="FILE", type=Path, help="with --probe: write it into FILE as well")
    parser.add_argument("--platform", metavar="NAME", default="", help="with --probe: paint on this platform of Qt")
    parser.add_argument("--offline", action="store_true", help="show what was saved last; send and fetch nothing")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    audit = commands.add_parser("audit", help="check or export the audit log of a profile")
    audit.add_argument("task", choices=("verify", "export"))
    audit.add_argument("file", nargs="?", type=Path, help="for export: where to, as .csv or .json")
    add_profile_parser(commands)
    return parser


def _probe(options: argparse.Namespace) -> int:
    from lumedesk import probing

    try:
        return probing.main(options.report, options.platform)
    except OSError as error:
        return _refuse(f"The report can't be written: {error}")


def _profile(options: argparse.Namespace, data_dir: Path) -> Profile | None:
    """What to open; None where that has to be asked: nothing was named, and nothing was opened before."""
    name = options.profile
    if name is None and options.sandbox:
        name = _SANDBOX
    if name is None:
        name = _usual(data_dir)
    if name is None:
        return None
    paths = profile_paths(data_dir, name)
    known = read_profile(paths)
    if options.sandbox:
        if known is not None and not known.is_sandbox:
            raise Refused(f"The profile {name!r} isn't a sandbox: it has a server and records of its own.")
        return known or Profile(name, ProfileKind.SANDBOX)
    if known is None:
        raise Refused(
            f"There is no profile {name!r}. Make one with an API key: lumedesk profile add {name}\n"
            f"or one to rehearse in: lumedesk --sandbox --profile {name}"
        )
    return known


def _usual(data_dir: Path) -> str | None:
    """The profile that was opened last, or the only one there is."""
    names = [each.name for each in list_profiles(data_dir)]
    last = last_opened(data_dir)
    if last in names:
        return last
    return names[0] if len(names) == 1 else None


def _audit(options: argparse.Namespace, data_dir: Path, profile: Profile | None) -> int:
    from lumedesk import cli_profiles
    from lumedesk.exports.audit import write_audit
    from lumedesk.store.audit import verify
    from lumedesk.store.chain import ChainBroken, ChainUnwritable

    if profile is None:
        raise Refused("Say whose: lumedesk --profile NAME audit verify")
    paths = profile_paths(data_dir, profile.name)
    if profile.is_sandbox:
        raise Refused(
            "A sandbox keeps its audit log in its own window only: the key to it is gone once that is closed."
        )
    if not paths.audit.exists():
        raise Refused(f"There is no audit log in {paths.folder}.")
    try:
        rows = verify(paths.audit, paths.head_of(paths.audit), cli_profiles.store_key(paths, profile))
        if options.task == "export":
            if options.file is None:
                raise Refused("Say where to: lumedesk audit export FILE.csv")
            say(f"{write_audit(rows, options.file)} entries written to {options.file}.")
    except (ChainBroken, ChainUnwritable, OSError) as error:
        return _refuse(f"The audit log does not hold. {error}", code=EXIT_BROKEN)
    if options.task == "verify":
        head = f" The last one is {rows[-1].hash}." if rows else ""
        say(f"The audit log holds: {len(rows)} entries, each chained to the one before.{head}")
    return 0


def _lacks_display() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _refuse(why: str, code: int = EXIT_CANNOT_START) -> int:
    if sys.stderr is None and sys.platform == "win32":
        # The windowed program has no console, and to end without a word would leave its user guessing.
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, why, "LumeDesk", _ERROR_ICON)
        return code
    print(f"lumedesk: {why}", file=sys.stderr)  # noqa: T201 - the command's own voice
    return code
