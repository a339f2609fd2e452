"""What goes into the frozen folder and what stays out, and how the frozen program starts its sandbox. Freezes nothing."""

import os
import re
import stat
import sys
from pathlib import Path

import pytest
from installers import freezing

from lumedesk import cli
from lumedesk.sandbox import launch
from lumedesk.sandbox.launch import SandboxFailed, SandboxOptions, SandboxProcess
from tests.support.sandbox import client_of

ROOT = Path(__file__).resolve().parents[2]
QT = "PySide6/Qt/plugins"


@pytest.mark.parametrize(
    "path",
    [
        f"{QT}/platforms/libqxcb.so",
        f"{QT}/platforms/libqoffscreen.so",
        f"{QT}/platforms/libqwayland.so",
        f"{QT}/iconengines/libqsvgicon.so",
        f"{QT}/imageformats/libqsvg.so",
        f"{QT}/platforminputcontexts/libibusplatforminputcontextplugin.so",
        "PySide6\\plugins\\platforms\\qwindows.dll",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "PySide6/Qt/lib/libQt6Core.so.6",
        "libxcb-cursor.so.0",
        "libpython3.11.so.1.0",
        "resources/icons/wallet.svg",
        "certifi/cacert.pem",
        "httpx-0.28.1.dist-info/METADATA",
    ],
)
def test_what_is_used_is_kept(path: str) -> None:
    assert freezing.is_kept(path)


@pytest.mark.parametrize(
    "path",
    [
        f"{QT}/platforms/libqvnc.so",
        f"{QT}/platforms/libqminimal.so",
        f"{QT}/platformthemes/libqgtk3.so",
        f"{QT}/imageformats/libqtiff.so",
        f"{QT}/sqldrivers/libqsqlite.so",
        f"{QT}/tls/libqopensslbackend.so",
        "PySide6\\plugins\\imageformats\\qwebp.dll",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/opengl32sw.dll",
        "icuuc.dll",
        "httpx-0.28.1.dist-info/RECORD",
        "libGL.so.1",
        "libEGL.so.1",
        "libstdc++.so.6",
        "libxkbcommon-x11.so.0",
        "libfontconfig.so.1",
    ],
)
def test_what_is_not_used_or_the_systems_own_is_not(path: str) -> None:
    assert not freezing.is_kept(path)


def test_only_libraries_that_something_leads_to_stay() -> None:
    needs = {"python": {"liba.so.1"}, "a": {"libb.so.2", "libc.so.6"}, "b": {"liba.so.1"}, "gtk": {"libb.so.2"}}
    files = [
        ("lib-dynload/_ssl.so", "python"),
        ("liba.so.1", "a"),
        ("libb.so.2", "b"),
        ("libgtk.so.3", "gtk"),
        ("libpython3.13.so.1.0", "libpython"),
    ]
    found = freezing.reachable(files, lambda source: needs.get(source, set()))
    assert found == {"lib-dynload/_ssl.so", "liba.so.1", "libb.so.2", "libpython3.13.so.1.0"}


def test_the_scripts_that_change_the_environment_of_others_do_not_run() -> None:
    assert freezing.runs("main")
    assert freezing.runs("frozen_start")
    assert not freezing.runs("pyi_rth_cryptography_openssl")
    assert freezing.runs("pyi_rth_pyside6") == (sys.platform == "darwin")


def test_nothing_that_the_desk_imports_is_excluded() -> None:
    imported = set[str]()
    for file in (ROOT / "lumedesk").rglob("*.py"):
        imported |= set(re.findall(r"^\s*(?:from|import) ([\w.]+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    assert "PySide6.QtWidgets" in imported
    inside = {name for name in imported for each in freezing.EXCLUDES if name == each or name.startswith(f"{each}.")}
    assert not inside


class TestEnvironment:
    """packaging/frozen_start.py, run as the frozen program runs it."""

    def run(self, monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, str]:
        for name in ("LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG", "DYLD_LIBRARY_PATH", "DYLD_LIBRARY_PATH_ORIG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        exec((ROOT / "packaging" / "frozen_start.py").read_text(encoding="utf-8"), {})  # noqa: S102 - our own script
        found = {name: value for name, value in os.environ.items() if "LIBRARY_PATH" in name and name != "LIBRARY_PATH"}
        monkeypatch.undo()
        return found

    def test_the_bundles_own_libraries_are_not_handed_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.run(monkeypatch, LD_LIBRARY_PATH="/opt/lumedesk/_internal") == {}

    def test_what_was_set_before_comes_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.run(
            monkeypatch, LD_LIBRARY_PATH="/opt/lumedesk/_internal:/usr/mine", LD_LIBRARY_PATH_ORIG="/usr/mine"
        )
        assert found == {"LD_LIBRARY_PATH": "/usr/mine"}


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the frozen program")
class TestSandbox:
    """The frozen program is its own sandbox: a script that starts the checkout stands in for it, the sandbox is real."""

    @pytest.fixture
    def frozen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        program = tmp_path / "lumedesk"
        note = f'echo "$PYINSTALLER_RESET_ENVIRONMENT $*" > "{tmp_path}/noted"'
        program.write_text(f'#!/bin/sh\n{note}\nexec "{sys.executable}" "{ROOT}/main.py" "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        monkeypatch.setattr(sys, "executable", str(program))
        return program

    def test_it_starts_itself_anew_and_serves(self, frozen: Path) -> None:
        with SandboxProcess(SandboxOptions(history=3, speed=0)) as process, client_of(process.start()) as client:
            assert len(client.get("/trades").json()) == 3
        noted = (frozen.parent / "noted").read_text()
        assert noted.startswith(f"1 {launch.SANDBOX_ARGUMENT} --until-stdin-closes --history 3 ")

    def test_one_that_cant_start_is_told(self, frozen: Path) -> None:
        frozen.write_text("#!/bin/sh\necho 'no library' >&2\nexit 1\n")
        with pytest.raises(SandboxFailed, match="no library"):
            SandboxProcess().start()

    def test_both_ends_mean_the_same_argument(self) -> None:
        assert launch.SANDBOX_ARGUMENT == cli._SERVE_SANDBOX


def test_a_package_that_nobody_chose_to_ship_is_found(tmp_path: Path) -> None:
    site = "/build/venv/lib/python3.11/site-packages"
    modules = [
        ("httpx._client", f"{site}/httpx/_client.py", "PYMODULE"),
        ("pytest", f"{site}/pytest/__init__.py", "PYMODULE"),
        ("json", "/usr/lib/python3.11/json/__init__.py", "PYMODULE"),
        ("lumedesk.views", "-", "PYMODULE"),
    ]
    contents = tmp_path / "PYZ-00.toc"
    contents.write_text(repr(("/build/PYZ-00.pyz", modules)))
    assert freezing.strangers(contents, {"httpx"}) == {"pytest"}
    assert freezing.strangers(contents, {"httpx", "pytest"}) == set()
