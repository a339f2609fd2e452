"""The support bundle: what is in it, what is not, and the file it becomes."""

import json
import logging
import stat
import tomllib
import weakref
import zipfile
from pathlib import Path

import pytest

import lumedesk
from lumedesk.domain import credentials
from lumedesk.domain.credentials import Secret
from lumedesk.exports import support
from lumedesk.exports.support import PACKAGES, Part, support_bundle, write_bundle
from lumedesk.logs import CRASH_FILE, LOG_FILE, REMOVED, start_logging

LOG = logging.getLogger("lumedesk.tests")


@pytest.fixture(autouse=True)
def _only_its_own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that another test's failure or fixture keeps alive would be taken out of this one's words."""
    monkeypatch.setattr(credentials, "_alive", weakref.WeakValueDictionary())


def text_of(parts: list[Part], name: str) -> str:
    return dict(parts)[name]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_versions_of_everything_the_desk_depends_on(tmp_path: Path) -> None:
    versions = text_of(support_bundle({}, tmp_path, qt="6.11.3"), "versions.txt")
    assert f"LumeDesk: {lumedesk.__version__}\n" in versions
    assert "Qt: 6.11.3\n" in versions
    assert "not told" not in versions
    project = tomllib.loads((Path(support.__file__).parents[2] / "pyproject.toml").read_text())
    needed = {name.partition(">")[0].partition("[")[0] for name in project["project"]["dependencies"]}
    assert set(PACKAGES) == needed


def test_settings_are_told_and_cleaned() -> None:
    secret = Secret("canary-8d2e41c7")
    settings = {
        "Kind": "production",
        "Proxy": f"http://me:{secret.reveal()}@proxy:3128",
        "password": "of-nobody",
        "Title": "a\nb\u202e",
    }
    told = text_of(support_bundle(settings, None, qt=""), "settings.txt")
    assert "Kind: production\n" in told
    assert "Title: a⟨U+000A⟩b⟨U+202E⟩\n" in told
    assert len(told.splitlines()) == 4
    assert "canary" not in told
    assert "of-nobody" not in told


def test_logs_as_they_were_written_pass_through_unchanged_in_meaning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = start_logging(tmp_path / "log")
    try:
        raise ValueError("X-API-KEY: hidden")
    except ValueError:
        LOG.exception("failed, X-API-SECRET: hidden")
    started.close()
    [line] = text_of(support_bundle({}, tmp_path / "log", qt=""), LOG_FILE).splitlines()
    assert "hidden" not in line
    entry = json.loads(line)
    # A checkout may lie below the home folder, whose name is left out.
    assert entry == json.loads((tmp_path / "log" / LOG_FILE).read_text().replace(str(Path.home()), "~"))
    assert entry["message"] == f"failed, X-API-SECRET: {REMOVED}"
    assert "ValueError" in entry["exception"]


def test_a_secret_that_an_older_version_logged_is_taken_out(tmp_path: Path) -> None:
    secret = Secret("canary-8d2e41c7\\")
    lines = [json.dumps({"message": secret.reveal(), "more": [secret.reveal()]}), f"no json {secret.reveal()}", "[1]"]
    (tmp_path / LOG_FILE).write_text("\n".join(lines))
    (tmp_path / CRASH_FILE).write_text(f"Fatal Python error\n{secret.reveal()}\n")
    parts = support_bundle({}, tmp_path, qt="")
    for _, text in parts:
        assert "canary" not in text
    assert len(text_of(parts, LOG_FILE).splitlines()) == 3
    assert text_of(parts, CRASH_FILE) == f"Fatal Python error\n{REMOVED}\n"


def test_only_the_end_of_the_logs_goes_in_cut_at_a_line(tmp_path: Path) -> None:
    (tmp_path / f"{LOG_FILE}.1").write_text("".join(f"old {number}\n" for number in range(100)))
    (tmp_path / LOG_FILE).write_text("".join(f"new {number}\n" for number in range(10)))
    lines = text_of(support_bundle({}, tmp_path, qt="", max_log_bytes=100), LOG_FILE).splitlines()
    assert lines[-1] == "new 9"
    assert "new 0" in lines
    assert lines[0].startswith("old 9")
    assert len("\n".join(lines)) <= 100
    whole = text_of(support_bundle({}, tmp_path, qt=""), LOG_FILE).splitlines()
    assert whole[0] == "old 0"
    assert len(whole) == 110


def test_the_end_never_begins_within_a_secret(tmp_path: Path) -> None:
    secret = Secret("canary-8d2e41c7" * 10)
    (tmp_path / LOG_FILE).write_text(f"{secret.reveal()}\nlast\n")
    for size in range(1, 160):
        text = text_of(support_bundle({}, tmp_path, qt="", max_log_bytes=size), LOG_FILE)
        assert "8d2e" not in text
        assert "canary" not in text


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert text_of(support_bundle({}, None, qt=""), LOG_FILE) == "Nothing is logged to files."
    assert text_of(support_bundle({}, tmp_path, qt=""), CRASH_FILE) == "Empty.\n"
    (tmp_path / LOG_FILE).mkdir()
    assert "can't be read" in text_of(support_bundle({}, tmp_path, qt=""), LOG_FILE)
    assert text_of(support_bundle({}, tmp_path, qt=""), "settings.txt") == "None.\n"


def test_paths_do_not_name_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "lindiwe"))
    (tmp_path / LOG_FILE).write_text(json.dumps({"message": f"in {tmp_path}/lindiwe/x"}))
    text = text_of(support_bundle({"CA": f"{tmp_path}/lindiwe/ca.pem"}, tmp_path, qt=""), LOG_FILE)
    assert json.loads(text) == {"message": "in ~/x"}


def test_the_file_holds_exactly_the_parts_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_text("an older one")
    file.chmod(0o644)
    parts = [("versions.txt", "LumeDesk: 1\n"), (LOG_FILE, "Zürich\n" * 1_000)]
    write_bundle(parts, file)
    with zipfile.ZipFile(file) as bundle:
        assert bundle.testzip() is None
        assert [(name, bundle.read(name).decode()) for name in bundle.namelist()] == parts
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["bundle.zip"]


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.mkdir()
    with pytest.raises(IsADirectoryError):
        write_bundle([("a", "b")], file)
    assert names_in(tmp_path) == ["bundle.zip"]
    with pytest.raises(FileNotFoundError):
        write_bundle([("a", "b")], tmp_path / "nowhere" / "bundle.zip")

    def parts() -> object:
        yield "a", "b"
        raise ValueError("half way")

    other = tmp_path / "other.zip"
    other.write_text("before")
    with pytest.raises(ValueError, match="half way"):
        write_bundle(parts(), other)  # type: ignore[arg-type]
    assert other.read_text() == "before"
    assert names_in(tmp_path) == ["bundle.zip", "other.zip"]
