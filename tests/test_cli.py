"""The command: its options, and plain words with exit code 2 where it can't start."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lumedesk import __version__, cli
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.links import PAGES
from lumedesk.store.paths import make_private_folder, profile_paths
from lumedesk.store.profiles import note_opened, write_profile
from lumedesk.views.pages.book import PLACES

ROOT = Path(__file__).resolve().parents[1]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture
def pages() -> list[str]:
    """At which pages the desk was to open."""
    return []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, pages: list[str]) -> list[tuple[Path, Profile | None, bool]]:
    """The desk doesn't open; what it was asked to open is noted."""
    asked: list[tuple[Path, Profile | None, bool]] = []

    def note(data_dir: Path, profile: Profile | None, *, offline: bool, page: str) -> int:
        asked.append((data_dir, profile, offline))
        pages.append(page)
        return 0

    monkeypatch.setattr("lumedesk.running.run", note)
    return asked


def a_profile(folder: Path, name: str, kind: ProfileKind = ProfileKind.CUSTOM) -> Profile:
    paths = profile_paths(folder, name)
    make_private_folder(paths.folder)
    profile = Profile(name, kind, base_url="" if kind is ProfileKind.SANDBOX else "https://api.example.com")
    write_profile(paths, profile)
    return profile


def test_at_first_it_asks_what_to_open(opened: list[Any], tmp_path: Path) -> None:
    assert cli.main(["--data-dir", str(tmp_path)]) == 0
    assert opened == [(tmp_path, None, False)]


@pytest.mark.parametrize("link", ["lumedesk:trades", "lumedesk://trades/", "LumeDesk:Trades"])
def test_a_link_opens_the_usual_profile_at_its_page(
    opened: list[Any], pages: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    monkeypatch.setattr(cli, "default_data_dir", lambda: tmp_path)
    usual = a_profile(tmp_path, "acme")
    assert cli.main([link]) == 0
    assert opened == [(tmp_path, usual, False)]
    assert pages == ["trades"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["lumedesk:"],
        ["lumedesk:nothing"],
        ["lumedesk:trades?id=1"],
        ["lumedesk:trades/../audit"],
        ["lumedesk:trades\n"],
        ["lumedesk:withdraw"],
        # What a quotation mark within a link makes of it.
        ["lumedesk:trades", "--data-dir", "elsewhere"],
        ["--data-dir", "elsewhere", "lumedesk:trades"],
        ["lumedesk:trades", "profile", "remove", "acme", "--delete-records"],
    ],
)
def test_a_link_that_names_no_page_or_more_than_one_opens_nothing(
    opened: list[Any], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.main(arguments) == 2
    assert "names no page" in capsys.readouterr().err
    assert not opened


def test_a_link_can_name_each_page() -> None:
    assert {place.name for place in PLACES} == PAGES


def test_without_a_console_a_refusal_is_shown_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' call is a fake one here: no other system has it."""
    shown: list[tuple[Any, ...]] = []
    user32 = SimpleNamespace(MessageBoxW=lambda *arguments: shown.append(arguments))
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(user32=user32), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["lumedesk:nothing"]) == 2
    assert shown == [(None, "This link names no page of LumeDesk; nothing was opened.", "LumeDesk", 0x10)]


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["--profile"], ["audit", "nothing"], ["profile", "add"]])
def test_without_a_console_a_wrong_option_is_shown_in_a_message_too(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Windows' call is a fake one here: no other system has it."""
    shown: list[tuple[Any, ...]] = []
    user32 = SimpleNamespace(MessageBoxW=lambda *given: shown.append(given))
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(user32=user32), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    [(_, words, title, _)] = shown
    assert title == "LumeDesk"
    assert words.startswith("usage: lumedesk ")


def test_a_wrong_option_is_told_with_the_usage_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--no-such-option"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: lumedesk ")
    assert "unrecognized arguments: --no-such-option" in said


def test_the_sandbox_is_opened_by_name(opened: list[Any], tmp_path: Path) -> None:
    assert cli.main(["--data-dir", str(tmp_path), "--sandbox"]) == 0
    assert cli.main(["--data-dir", str(tmp_path), "--sandbox", "--profile", "training"]) == 0
    assert [(profile.name, profile.kind, offline) for _, profile, offline in opened] == [
        ("sandbox", ProfileKind.SANDBOX, False),
        ("training", ProfileKind.SANDBOX, False),
    ]


def test_a_sandbox_has_no_offline(opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--data-dir", str(tmp_path), "--sandbox", "--offline"]) == 2
    assert "nothing of it to look at offline" in capsys.readouterr().err
    assert not opened


def test_without_a_name_the_last_one_is_opened_or_the_only_one(opened: list[Any], tmp_path: Path) -> None:
    mine = a_profile(tmp_path, "mine")
    cli.main(["--data-dir", str(tmp_path)])
    other = a_profile(tmp_path, "other")
    cli.main(["--data-dir", str(tmp_path)])
    note_opened(tmp_path, "other")
    cli.main(["--data-dir", str(tmp_path)])
    cli.main(["--data-dir", str(tmp_path), "--profile", "mine"])
    assert [profile for _, profile, _ in opened] == [mine, None, other, mine]


def test_a_profile_with_a_server_is_never_opened_as_a_sandbox(
    opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_profile(tmp_path, "mine")
    assert cli.main(["--data-dir", str(tmp_path), "--sandbox", "--profile", "mine"]) == 2
    assert "isn't a sandbox" in capsys.readouterr().err
    assert not opened


@pytest.mark.parametrize("marker", ["{}", "nonsense", '{"kind": "production"}', '{"kind": 5}', "[]"])
def test_a_damaged_profile_is_said_and_not_begun_anew(
    marker: str, opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_profile(tmp_path, "mine")
    profile_paths(tmp_path, "mine").marker.write_text(marker)
    assert cli.main(["--data-dir", str(tmp_path), "--profile", "mine"]) == 2
    assert "profile.json" in capsys.readouterr().err
    assert not opened
    assert profile_paths(tmp_path, "mine").marker.read_text() == marker


def test_the_data_folder_may_be_relative_or_at_home(
    opened: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cli.main(["--data-dir", "here"]) == 0
    assert opened[0][0] == tmp_path / "here"
    if os.name == "posix":
        assert cli.main(["--data-dir", "~/there"]) == 0
        assert opened[1][0] == tmp_path / "home" / "there"


@pytest.mark.parametrize("name", ["../x", "a b", "CON", "x" * 41, "."])
def test_a_bad_profile_name_is_refused(
    name: str, opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--data-dir", str(tmp_path), "--sandbox", "--profile", name]) == cli.EXIT_CANNOT_START == 2
    assert "1 to 40 letters" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert not opened


def test_a_missing_profile_says_how_to_make_it(
    opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--data-dir", str(tmp_path), "--profile", "prod"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("lumedesk: There is no profile 'prod'.")
    assert "lumedesk profile add prod" in said.err
    assert "lumedesk --sandbox --profile prod" in said.err
    assert not opened


@pytest.mark.parametrize("option", ["--secret=x", "--nonsense", "extra"])
def test_unknown_options_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([option])
    assert ended.value.code == 2
    assert "usage: lumedesk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "given", "lacking"),
    [
        ("linux", {}, True),
        ("linux", {"DISPLAY": ""}, True),
        ("linux", {"DISPLAY": ":0"}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, False),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, False),
        ("win32", {}, False),
        ("darwin", {}, False),
    ],
)
def test_where_a_display_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, platform: str, given: dict[str, str], lacking: bool
) -> None:
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cli._lacks_display() is lacking


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run as an operator without a display would."""
    env = {name: value for name, value in os.environ.items() if name not in DISPLAYS}
    return subprocess.run(
        [sys.executable, "-m", "lumedesk", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    done = command("--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("lumedesk: LumeDesk needs a display")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_the_version_is_told_without_a_display() -> None:
    done = command("--version")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, f"LumeDesk {__version__}", "")


def test_the_words_come_even_where_qt_can_not_be_loaded() -> None:
    code = (
        "import sys; sys.modules['PySide6'] = None; from lumedesk import cli; sys.exit(cli.main(['--profile', 'a b']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "1 to 40 letters" in done.stderr
