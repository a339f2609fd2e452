"""dev.py: its rules with a stand-in for the set-up's commands, and real runs of what costs nothing. Installs nothing."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import dev

ROOT = Path(dev.__file__).parent
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian's packages and displays")
has_bash = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """An empty checkout for dev.py; the commands of the set-up are noted down instead of run."""
    noted = []

    def note(command, purpose, advice="", **environment):
        noted.append(command)
        if "venv" in command:
            python = Path(command[-1], *Path(dev.tool("python")).relative_to(dev.VENV).parts)
            python.parent.mkdir(parents=True)
            python.touch()

    locks = tmp_path / "packaging" / "locks"
    locks.mkdir(parents=True)
    (locks / "run.txt").write_text("a==1\n")
    (locks / "dev.txt").write_text("a==1\nb==1\n")
    (locks / "build.txt").write_text("a==1\nc==1\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "BUILD_VENV", tmp_path / "build" / "venv")
    monkeypatch.setattr(dev, "LOCKS", locks)
    monkeypatch.setattr(dev, "step", note)
    monkeypatch.setattr(dev, "missing_packages", lambda _libraries: [])
    monkeypatch.setattr(dev, "missing_for_tests", list)
    return noted


def kinds(steps):
    """The noted commands in short: venv, pip run.txt, pip dev.txt."""
    return ["venv" if "venv" in command else f"pip {Path(command[-1]).name}" for command in steps]


def start(tmp_path, *arguments, **environment):
    """Run a copy of dev.py that has nothing around it."""
    shutil.copy(ROOT / "dev.py", tmp_path)
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    env = {name: value for name, value in os.environ.items() if name not in hidden} | environment
    command = [sys.executable, "-B", str(tmp_path / "dev.py"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


class TestStart:
    """What a person sees first."""

    def test_parses_on_an_old_python(self):
        ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 7))

    def test_imports_only_what_an_old_python_has(self):
        imported = re.findall(r"^(?:import|from) (\S+)", (ROOT / "dev.py").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(imported) <= set(sys.stdlib_module_names) | {"importlib.util"}
        assert "tomllib" not in imported

    def test_an_old_python_is_told_so(self, monkeypatch, capsys):
        with monkeypatch.context() as old:
            old.setattr(sys, "version_info", (3, 10, 13, "final", 0))
            code = dev.main(["run"])
        assert code == 2
        assert "needs Python 3.11 or newer; this is 3.10.13" in capsys.readouterr().err

    @linux_only
    def test_no_display_is_said_before_anything_is_made(self, tmp_path):
        done = start(tmp_path, "run")
        assert done.returncode == 2
        assert "xvfb-run -a python3 dev.py run" in done.stderr
        assert "Traceback" not in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["dev.py"]

    @linux_only
    @pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
    def test_any_kind_of_display_will_do(self, tmp_path, name):
        done = start(tmp_path, "run", **{name: "x"})
        assert "packaging/locks/run.txt is missing" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["build"], "packaging/locks/build.txt is missing"),
            (["bench"], "tests.bench is not there yet"),
            (["shots"], "shots DIR"),
            (["tset"], "no command 'tset'"),
        ],
    )
    def test_what_cannot_be_done_exits_with_2(self, tmp_path, arguments, message):
        done = start(tmp_path, *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr

    def test_help_lists_every_command(self, tmp_path):
        done = start(tmp_path)
        assert done.returncode == 0
        listed = re.findall(r"^  (\S+)  +\S", done.stdout, re.MULTILINE)
        assert listed == list(dev.COMMANDS)

    def test_ctrl_c_leaves_no_traceback(self, monkeypatch, capsys):
        def interrupted(arguments):
            raise KeyboardInterrupt

        monkeypatch.setitem(dev.COMMANDS, "test", interrupted)
        assert dev.main(["test"]) == 130
        assert "Stopped" in capsys.readouterr().err

    def test_a_full_disk_leaves_no_traceback(self, monkeypatch, capsys):
        def full(arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setitem(dev.COMMANDS, "test", full)
        assert dev.main(["test"]) == 1
        assert "No space left on device" in capsys.readouterr().err


class TestSteps:
    """A step that fails names its command."""

    def test_a_failing_step_says_which_command_and_what_to_do(self):
        with pytest.raises(dev.Stop) as stopped:
            dev.step([sys.executable, "-c", "raise SystemExit(3)"], "Counting", "Count again.")
        assert stopped.value.code == 1
        message = str(stopped.value)
        assert "Counting failed (exit code 3)" in message
        assert "raise SystemExit(3)" in message
        assert message.endswith("Count again.")

    def test_a_missing_program_is_a_failure_too(self):
        with pytest.raises(dev.Stop, match="Counting failed") as stopped:
            dev.step(["/nowhere/abacus"], "Counting")
        assert stopped.value.code == 1

    def test_the_environment_reaches_the_step(self):
        asks = "import os, sys; sys.exit(os.environ.get('LAMP') != 'on')"
        dev.step([sys.executable, "-c", asks], "Looking", LAMP="on")


class TestSetUp:
    """One .venv, made once and recoverable."""

    def test_the_first_start_installs_and_the_second_does_nothing(self, steps):
        dev.prepare("run")
        assert kinds(steps) == ["venv", "pip run.txt"]
        dev.prepare("run")
        assert len(steps) == 2

    def test_pip_installs_nothing_but_the_lock(self, steps):
        dev.prepare("dev")
        assert {"--require-hashes", "--no-deps"} <= set(steps[-1])
        assert steps[-1][0] == dev.tool("python")

    def test_tests_after_a_run_only_add_to_it(self, steps):
        dev.prepare("run")
        dev.prepare("dev")
        assert kinds(steps) == ["venv", "pip run.txt", "pip dev.txt"]
        assert dev.ready("run")
        assert dev.ready("dev")

    def test_what_builds_the_installers_has_a_place_of_its_own(self, steps):
        dev.prepare("dev")
        dev.prepare("build")
        assert kinds(steps) == ["venv", "pip dev.txt", "venv", "pip build.txt"]
        assert steps[-1][0] == dev.tool("python", "build")
        assert steps[-1][0].startswith(str(dev.BUILD_VENV))
        assert dev.ready("dev")
        dev.prepare("build")
        assert len(steps) == 4

    def test_a_changed_lock_builds_anew(self, steps):
        dev.prepare("run")
        (dev.VENV / "stale").mkdir()
        (dev.LOCKS / "run.txt").write_text("a==2\n")
        dev.prepare("run")
        assert kinds(steps) == ["venv", "pip run.txt"] * 2
        assert not (dev.VENV / "stale").exists()

    def test_another_python_builds_anew(self, steps, monkeypatch):
        dev.prepare("run")
        monkeypatch.setattr(dev.platform, "python_version", lambda: "3.99.0")
        assert not dev.ready("run")

    def test_a_vanished_python_builds_anew(self, steps):
        dev.prepare("run")
        Path(dev.tool("python")).unlink()
        assert not dev.ready("run")

    @pytest.mark.parametrize("before", [[], ["run"]])
    def test_an_interrupted_install_is_done_over(self, steps, monkeypatch, before):
        for level in before:
            dev.prepare(level)

        def interrupted(lock, level):
            (dev.VENV / "half").mkdir()
            raise KeyboardInterrupt

        with monkeypatch.context() as broken:
            broken.setattr(dev, "install", interrupted)
            with pytest.raises(KeyboardInterrupt):
                dev.prepare("dev")
        assert not any(dev.ready(level) for level in dev.LEVELS)
        steps.clear()
        dev.prepare("dev")
        assert kinds(steps) == ["venv", "pip dev.txt"]
        assert not (dev.VENV / "half").exists()

    def test_somebody_elses_venv_is_left_alone(self, steps):
        mine = dev.VENV / "bin" / "mine"
        mine.parent.mkdir(parents=True)
        mine.touch()
        with pytest.raises(dev.Stop, match="not made by dev") as stopped:
            dev.prepare("run")
        assert stopped.value.code == 2
        assert mine.exists()
        assert steps == []

    def test_the_venv_is_not_rebuilt_from_inside_itself(self, steps, monkeypatch):
        monkeypatch.setattr(sys, "prefix", str(dev.VENV))
        with pytest.raises(dev.Stop, match="from inside"):
            dev.prepare("run")

    def test_system_packages_come_first(self, steps, monkeypatch):
        monkeypatch.setattr(dev, "missing_packages", lambda _libraries: ["libgl1"])
        monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
        with pytest.raises(dev.Stop):
            dev.prepare("run")
        assert not dev.VENV.exists()


@linux_only
class TestSystemPackages:
    """Debian and Ubuntu; the system's tools are stand-ins."""

    @pytest.fixture
    def debian(self, tmp_path, monkeypatch):
        """A PATH with apt-get, dpkg and an ldconfig that lists the libraries handed in."""
        folder = tmp_path / "bin"
        folder.mkdir()

        def program(name, text=""):
            (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n".replace("cat", "/bin/cat"))
            (folder / name).chmod(0o755)

        def has(libraries):
            program("ldconfig", "\n".join(f"\t{name} (libc6,x86-64) => /lib/{name}" for name in libraries))

        program("apt-get")
        program("dpkg")
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(dev, "any_font", lambda: True)
        monkeypatch.setattr(sys, "base_prefix", "/opt/python")
        return has

    def test_nothing_is_missing_when_the_loader_knows_all(self, debian):
        everything = {**dev.QT_LIBRARIES, **dev.X11_LIBRARIES}
        debian(everything)
        assert dev.missing_packages(everything) == []

    def test_missing_libraries_are_named_by_package(self, debian):
        debian(set(dev.QT_LIBRARIES) - {"libEGL.so.1", "libGL.so.1"})
        assert dev.missing_packages(dev.QT_LIBRARIES) == ["libegl1", "libgl1"]

    def test_a_font_is_asked_for_only_when_there_is_none(self, debian, monkeypatch):
        debian(dev.QT_LIBRARIES)
        monkeypatch.setattr(dev, "any_font", lambda: False)
        assert dev.missing_packages(dev.QT_LIBRARIES) == ["fonts-dejavu-core"]

    def test_venv_is_asked_for_when_the_systems_python_lacks_it(self, debian, monkeypatch):
        monkeypatch.setattr(sys, "base_prefix", "/usr")
        monkeypatch.setattr(dev.importlib.util, "find_spec", lambda _name: None)
        assert dev.missing_packages({}) == [f"python3.{sys.version_info.minor}-venv"]

    def test_other_systems_are_not_looked_at(self, debian, monkeypatch):
        debian([])
        monkeypatch.setattr(dev, "known_libraries", lambda: pytest.fail("looked"))
        with monkeypatch.context() as mac:
            mac.setattr(sys, "platform", "darwin")
            assert dev.missing_packages(dev.QT_LIBRARIES) == []
        monkeypatch.setenv("PATH", "/nowhere")
        assert dev.missing_packages(dev.QT_LIBRARIES) == []

    def test_a_person_gets_one_command_to_type(self, steps, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(dev.Stop) as stopped:
            dev.install_system_packages(["libegl1", "libgl1"], [])
        assert stopped.value.code == 2
        assert "sudo apt-get install --no-install-recommends libegl1 libgl1" in str(stopped.value)
        assert steps == []

    def test_what_is_only_useful_is_told_and_stops_nobody(self, steps, monkeypatch, capsys):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        dev.install_system_packages([], ["gnome-keyring"])
        assert "sudo apt-get install --no-install-recommends gnome-keyring" in capsys.readouterr().out
        assert steps == []

    def test_a_build_asks_for_wine_only_where_windows_is_built(self, steps, monkeypatch):
        asked = []
        monkeypatch.setattr(dev, "missing_programs", lambda programs: sorted(programs.values()))
        monkeypatch.setattr(dev, "install_system_packages", lambda *given: asked.append(set(given[0])))
        monkeypatch.setattr(dev, "hand_over", lambda *_command: 0)
        monkeypatch.setattr(os, "chdir", lambda _folder: None)
        monkeypatch.setattr(sys, "platform", "linux")
        for arguments in (["--linux"], ["--measure"], [], ["--skip-archives"], ["--windows"], ["--linux", "--windows"]):
            assert dev.build(arguments) == 0
        assert ["wine" in packages for packages in asked] == [False, False, True, True, True, True]
        assert all("binutils" in packages for packages in asked)

    def test_the_whole_suite_is_shared_among_processors_and_what_is_asked_for_is_not(self, monkeypatch):
        commands = []
        monkeypatch.setattr(dev, "prepare", lambda _level: None)
        monkeypatch.setattr(dev, "hand_over", lambda command, **_environment: commands.append(command[3:]) or 0)
        monkeypatch.setattr(os, "chdir", lambda _folder: None)
        for arguments in ([], ["tests/kill"], ["--", "-x"]):
            assert dev.test(arguments) == 0
        assert commands == [dev.WHOLE_SUITE, ["tests/kill"], ["-x"]]
        assert "--numprocesses=auto" in dev.WHOLE_SUITE

    @pytest.mark.parametrize(
        ("system", "option", "only"),
        [
            ("linux", "--macos", "macOS"),
            ("darwin", "--windows", "Windows or Linux"),
            ("darwin", "--linux", "Linux"),
            ("win32", "--linux", "Linux"),
            ("win32", "--macos", "macOS"),
        ],
    )
    def test_what_another_system_builds_is_refused_before_anything_is_installed(
        self, steps, monkeypatch, system, option, only
    ):
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(dev, "missing_programs", pytest.fail)
        with pytest.raises(dev.Stop, match=f"build {option} works on {only} only"):
            dev.build([option])
        assert steps == []

    def test_two_builds_are_compared_without_installing_anything(self, tmp_path):
        (tmp_path / "checkout" / "packaging").mkdir(parents=True)
        shutil.copytree(ROOT / "packaging" / "installers", tmp_path / "checkout" / "packaging" / "installers")
        shutil.copy(ROOT / "packaging" / "build.py", tmp_path / "checkout" / "packaging")
        (tmp_path / "checkout" / "lumedesk").mkdir()
        shutil.copy(ROOT / "lumedesk" / "__init__.py", tmp_path / "checkout" / "lumedesk")
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").write_text(name)
        done = start(tmp_path / "checkout", "build", "--compare", str(tmp_path / "a"), str(tmp_path / "b"))
        assert (done.returncode, done.stderr) == (1, "")
        assert "1 of 1 files differ" in done.stdout
        assert not (tmp_path / "checkout" / "build").exists()

    def test_the_build_refuses_shortened_options_and_other_systems_itself(self):
        command = [sys.executable, "-B", str(ROOT / "packaging" / "build.py")]
        other = "--macos" if sys.platform != "darwin" else "--linux"
        for argument, words in (("--win", "unrecognized arguments: --win"), (other, "Nothing was installed or built")):
            done = subprocess.run([*command, argument], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode != 0
            assert words in done.stderr

    def test_comparing_needs_nothing_but_python_itself(self):
        same = str(ROOT / "packaging" / "workflows")
        command = [sys.executable, "-B", "-S", str(ROOT / "packaging" / "build.py"), "--compare", same, same]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_program_that_vanished_is_asked_for_again(self, steps, monkeypatch):
        dev.prepare("build", {})
        monkeypatch.setattr(dev, "missing_programs", lambda programs: sorted(programs.values()))
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(dev.Stop, match="binutils"):
            dev.prepare("build", {"objdump": "binutils"})

    def test_a_keychain_is_looked_for_by_its_programs(self, debian, monkeypatch, tmp_path):
        debian(dev.QT_LIBRARIES)
        assert dev.missing_for_tests() == ["dbus", "gnome-keyring"]
        monkeypatch.setattr(sys, "platform", "darwin")
        assert dev.missing_for_tests() == []

    def test_root_reads_the_lists_and_then_installs(self, steps, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        dev.install_system_packages(["libegl1"], ["dbus"])
        assert [command[:2] for command in steps] == [["apt-get", "update"], ["apt-get", "install"]]
        assert {"--no-install-recommends", "libegl1", "dbus"} <= set(steps[1])


def pins(lock):
    """Name and versions of everything a lock names, and how many hashes each has."""
    text = (ROOT / "packaging" / "locks" / lock).read_text(encoding="utf-8")
    entries = re.findall(
        r"^([a-z0-9.-]+)==([^ ]+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", text, re.MULTILINE
    )
    assert len(entries) == len(re.findall(r"^[a-z]", text, re.MULTILINE)), "an entry without hashes"
    found = {}
    for name, version, _hashes in entries:
        found.setdefault(name, set()).add(version)
    return found


class TestLocks:
    """The locks belong to pyproject.toml and to any machine."""

    @pytest.mark.parametrize(
        ("lock", "extra"),
        [("run.txt", None), ("dev.txt", None), ("dev.txt", "dev"), ("build.txt", None), ("build.txt", "build")],
    )
    def test_a_lock_satisfies_pyproject(self, lock, extra):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
        locked = pins(lock)
        for requirement in map(Requirement, wanted):
            versions = locked.get(requirement.name.lower(), set())
            assert versions, f"{requirement.name} is not locked: python3 dev.py lock"
            assert all(version in requirement.specifier for version in versions), f"{requirement}: python3 dev.py lock"

    @pytest.mark.parametrize("lock", ["dev.txt", "build.txt"])
    def test_what_is_tested_and_built_with_is_what_the_desk_runs_on(self, lock):
        others = pins(lock)
        for name, versions in pins("run.txt").items():
            assert versions <= others[name]

    def test_what_is_shipped_is_built_without_the_tools_of_development(self):
        assert not {"pytest", "ruff", "mypy", "hypothesis"} & pins("build.txt").keys()

    @pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "build.txt"])
    def test_a_lock_names_no_place(self, lock):
        text = (ROOT / "packaging" / "locks" / lock).read_text(encoding="utf-8")
        assert not re.search(r"://|@ |--index|--extra-index|--find-links|file:|^/", text, re.MULTILINE)


class TestTree:
    """Lists that would go stale."""

    def test_every_package_is_installed(self):
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
        there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "lumedesk").rglob("__init__.py")}
        assert set(settings["packages"]) == there | {"lumedesk._resources"}
        assert settings["package-dir"] == {"lumedesk._resources": "resources"}

    def test_the_readme_opens_with_the_two_commands(self):
        block = re.search(
            r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        assert block
        assert block[1].splitlines() == ["python3 dev.py run", "python3 dev.py test"]


@has_bash
class TestCi:
    """.ci/run with a stand-in for python3."""

    def ci(self, tmp_path, readme, code="exit 0"):
        """Run the script in a copy of the tree's shape; returns what it started and its result."""
        (tmp_path / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
        (tmp_path / "README.md").write_text(readme)
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "python3").write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/started"\necho "ran $2"\n{code}\n')
        (programs / "python3").chmod(0o755)
        env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        command = ["bash", str(tmp_path / ".ci" / "run")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        started = tmp_path / "started"
        return (started.read_text().splitlines() if started.exists() else []), done

    def test_can_be_started(self):
        assert os.access(ROOT / ".ci" / "run", os.X_OK)

    def test_checks_then_runs_the_readmes_own_command(self, tmp_path):
        started, done = self.ci(tmp_path, (ROOT / "README.md").read_text(encoding="utf-8"))
        assert started == ["dev.py check", "dev.py test"]
        assert done.returncode == 0
        assert done.stdout.splitlines()[-1] == "ran test"

    @pytest.mark.parametrize("failing", ["check", "test"])
    def test_any_failure_fails_the_run_and_the_tests_come_last(self, tmp_path, failing):
        started, done = self.ci(tmp_path, "python3 dev.py test\n", f'[ "$2" != {failing} ]')
        assert started == ["dev.py check", "dev.py test"]
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == "ran test"

    def test_a_readme_without_the_command_fails(self, tmp_path):
        started, done = self.ci(tmp_path, "nothing here\n")
        assert started == []
        assert done.returncode == 1
