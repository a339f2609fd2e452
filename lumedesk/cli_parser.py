"""What the commands share: how `profile` is asked for, why something is refused, and the voice to say it in."""

from typing import Any

from lumedesk.domain.profiles import ProfileKind

_KINDS = [kind.value for kind in ProfileKind if kind is not ProfileKind.SANDBOX]


class Refused(Exception):
    """What was asked for can't be done; the text says why and what to do."""


def add_profile_parser(commands: Any) -> None:
    """Add `profile` and its tasks to the command's parser."""
    profile = commands.add_parser("profile", help="add, list, test, remove or restore profiles")
    tasks = profile.add_subparsers(dest="task", metavar="TASK", required=True)
    add = tasks.add_parser(
        "add", help="make a profile; its API key and secret are asked for, or read from standard input"
    )
    add.add_argument("name")
    add.add_argument("--kind", choices=_KINDS, default=ProfileKind.PRODUCTION.value)
    add.add_argument("--title", default="", help="what its window is called")
    add.add_argument("--url", default="", help="the server; for production, Lumetrade's own")
    add.add_argument("--proxy", default="")
    add.add_argument(
        "--ca-file", default="", metavar="FILE", help="a PEM file to trust besides the system's authorities"
    )
    add.add_argument("--view-only", action="store_true", help="never offer anything that moves money")
    tasks.add_parser("list", help="list all profiles")
    for task, what in (("test", "try a profile's connection and key"), ("restore", "bring back kept records")):
        tasks.add_parser(task, help=what).add_argument("name")
    gone = tasks.add_parser("remove", help="remove a profile with its key; its records are kept or deleted as you say")
    gone.add_argument("name")
    which = gone.add_mutually_exclusive_group(required=True)
    which.add_argument("--keep-records", action="store_true", help="keep them, encrypted, for `profile restore`")
    which.add_argument("--delete-records", action="store_true", help="delete them for good")
    gone.add_argument(
        "--even-if-unreadable",
        action="store_true",
        help="with --delete-records: also when nobody can tell whether an order in them is still in doubt",
    )


def say(what: str) -> None:
    """The command's own voice."""
    print(what)  # noqa: T201
