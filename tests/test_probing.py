"""`--probe` as a process of its own: over the checkout, where all must hold, and over copies with several defects at once."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "imports",
    "versions",
    "resources",
    "store",
    "keychain",
    "TLS",
    "sandbox",
    "Qt",
    "icons",
    "fonts",
    "words",
    "window",
)


def probe(root: Path, home: Path, *arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program that lies in `root`, as somebody who has no files but those in `home`. `code` runs before it."""
    hidden = (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "QT_QPA_PLATFORM",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_DATA_HOME",
        "PYTHONPATH",
    )
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    start = f"{code}\nimport sys\nfrom lumedesk.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", start, "--probe", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)


def lines(report: str, state: str) -> dict[str, str]:
    """By part, what the report says in that state."""
    return dict(re.findall(rf"^{state} +(\S+) +(.+)$", report, re.MULTILINE))


Report = subprocess.CompletedProcess[str]


def copied(folder: Path) -> Path:
    """A copy of the program, to take something away from."""
    for name in ("lumedesk", "resources"):
        shutil.copytree(ROOT / name, folder / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "copy"


@pytest.fixture(scope="module")
def broken_files(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A module that can't be imported, a sandbox that refuses to start, and an icon that paints nothing."""
    folder = tmp_path_factory.mktemp("broken-files")
    root = copied(folder)
    (root / "lumedesk" / "exports" / "audit.py").write_text("import lumedesk.nothing_of_that_name\n")
    (root / "lumedesk" / "sandbox" / "__main__.py").write_text("import sys\nsys.exit('no room for a sandbox')\n")
    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"/>'
    (root / "resources" / "icons" / "wallet.svg").write_text(blank)
    return probe(root, folder)


@pytest.fixture(scope="module")
def broken_parts(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An SQLite that can't encrypt, trust in anybody, and a font that is none."""
    folder = tmp_path_factory.mktemp("broken-parts")
    root = copied(folder)
    (root / "resources" / "fonts" / "Inter-Regular.otf").write_text("no font")
    code = (
        "import apsw, ssl\nfrom lumedesk.api import tls\n"
        "del apsw.mc_version\n"
        "real = tls.system_trust\n"
        "def blind(extra_ca=None):\n"
        "    context = real(extra_ca)\n"
        "    context.check_hostname = False\n"
        "    context.verify_mode = ssl.CERT_NONE\n"
        "    return context\n"
        "tls.system_trust = blind\n"
    )
    return probe(root, folder, code=code)


@pytest.fixture(scope="module")
def bare_files(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """No icons, a store that writes plain text, and an output that knows few characters."""
    folder = tmp_path_factory.mktemp("bare-files")
    root = copied(folder)
    shutil.rmtree(root / "resources" / "icons")
    code = (
        "import apsw, sys\nfrom lumedesk import probing\nfrom lumedesk.store import chain, mirror_file, reader\n"
        "sys.stdout.reconfigure(encoding='ascii')\n"
        "probing._where = lambda: '\\u201chere\\u201d'\n"
        "def plain(place, key, flags=None):\n"
        "    return apsw.Connection(str(place)) if flags is None else apsw.Connection(str(place), flags=flags)\n"
        "for each in (chain, mirror_file, reader):\n"
        "    each.connect = plain\n"
    )
    return probe(root, folder, code=code)


def test_a_whole_program_passes_without_a_screen_and_leaves_nothing(tmp_path: Path) -> None:
    home, report = tmp_path / "home", tmp_path / "report.txt"
    home.mkdir()
    done = probe(ROOT, home, "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(PARTS) <= lines(done.stdout, "ok").keys()
    assert "FAILED" not in done.stdout
    assert done.stdout.splitlines()[-1] == "Everything that was checked works."
    assert report.read_text(encoding="utf-8") == done.stdout
    # A cache of fonts and the like may be anybody's; the desk's own files are called after it.
    assert not [path for path in home.rglob("*") if "lume" in path.name.lower()]
    if sys.platform.startswith("linux"):
        assert lines(done.stdout, "ok")["Qt"].endswith("on offscreen")
        # That no keychain answers is this computer's fault, not the program's.
        assert "SecretService" in lines(done.stdout, "ok")["keychain"]
        assert "None answers here" in lines(done.stdout, "note")["keychain"]


def test_without_any_output_there_is_still_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    no_output = "import sys\nsys.stdout = sys.stderr = None"
    done = probe(ROOT, tmp_path, "--report", str(report), "--platform", "offscreen", code=no_output)
    assert done.returncode == 0
    assert done.stdout == ""
    told = lines(report.read_text(encoding="utf-8"), "ok")
    assert set(PARTS) <= told.keys()
    assert told["Qt"].endswith("on offscreen")


def test_a_report_that_cant_be_written_is_told(tmp_path: Path) -> None:
    done = probe(ROOT, tmp_path, "--report", str(tmp_path / "nowhere" / "report.txt"))
    assert done.returncode == 2
    assert "The report can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_that_cant_be_imported_is_named(broken_files: Report) -> None:
    assert lines(broken_files.stdout, "FAILED")["imports"].startswith("lumedesk.exports.audit: ModuleNotFoundError")


def test_a_sandbox_that_refuses_to_start_fails_with_its_words(broken_files: Report) -> None:
    assert lines(broken_files.stdout, "FAILED")["sandbox"].endswith("no room for a sandbox")


def test_an_icon_that_paints_nothing_is_named(broken_files: Report) -> None:
    assert lines(broken_files.stdout, "FAILED")["Qt"] == "These icons paint nothing: wallet."


def test_any_failure_counts_and_the_rest_is_checked_all_the_same(broken_files: Report) -> None:
    assert broken_files.returncode == 1
    assert broken_files.stdout.splitlines()[-1] == "3 of these checks FAILED."
    assert {"store", "TLS", "resources"} <= lines(broken_files.stdout, "ok").keys()


def test_a_sqlite_that_cant_encrypt_fails(broken_parts: Report) -> None:
    assert broken_parts.returncode == 1
    assert "plain apsw" in lines(broken_parts.stdout, "FAILED")["store"]


def test_trust_in_anybody_fails(broken_parts: Report) -> None:
    assert lines(broken_parts.stdout, "FAILED")["TLS"] == "A server whose authority nobody knows was trusted."


def test_a_font_that_is_none_is_named(broken_parts: Report) -> None:
    assert "Inter-Regular.otf can't be loaded" in lines(broken_parts.stdout, "FAILED")["Qt"]


def test_missing_icons_fail(bare_files: Report) -> None:
    assert bare_files.returncode == 1
    assert "resources/ not found" in lines(bare_files.stdout, "FAILED")["resources"]


def test_files_in_plain_text_fail(bare_files: Report) -> None:
    assert "isn't encrypted" in lines(bare_files.stdout, "FAILED")["store"]


def test_an_output_that_knows_few_characters_gets_the_others_as_question_marks(bare_files: Report) -> None:
    assert bare_files.stdout.splitlines()[0].endswith("checks itself: ?here?")
