"""One door for contributors: sets up `.venv` when needed, then runs, tests or checks the desk. Standard library only.

Must parse on Python 3.7, so that an old Python can say what is wrong instead of showing a syntax error.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
# What builds the installers has a place of its own: nothing of the development tools may get into what is shipped.
BUILD_VENV = ROOT / "build" / "venv"
LOCKS = ROOT / "packaging" / "locks"
MARK = "made-by-dev.py"

# What Qt loads at start and pip can't bring: the library and the Debian package that holds it. Libraries are looked for by
# file, because Ubuntu and newer Debians renamed some packages and keep the old names only as aliases.
QT_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# What the tests of the keychain run a real one with: the program and its Debian package. Without them they are skipped.
KEYCHAIN_PROGRAMS = {"dbus-daemon": "dbus", "gnome-keyring-daemon": "gnome-keyring"}

# What the installers are built with. Python's own library is for Debian's Python, which the frozen program can't hold otherwise.
BUILD_PROGRAMS = {"objdump": "binutils", "dpkg-deb": "dpkg"}
WINDOWS_PROGRAMS = {
    "wineserver": "wine",
    "makensis": "nsis",
    "osslsigncode": "osslsigncode",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64-win32",
    "openssl": "openssl",
    "msiinfo": "msitools",
    "wixl": "wixl",
}
PYTHON_LIBRARY = (
    {"libpython{}.{}.so.1.0".format(*sys.version_info): "libpython{}.{}".format(*sys.version_info)}
    if sys.base_prefix == "/usr"
    else {}
)

# On which systems each option of `build` works; Linux makes the Windows installer under Wine, for a trial.
BUILT_ON = {"--linux": ("linux",), "--windows": ("win32", "linux"), "--macos": ("darwin",)}
SYSTEM_NAMES = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}

# Each level of set-up: its lock file and the libraries it needs.
LEVELS = {
    "run": ("run.txt", {**QT_LIBRARIES, **X11_LIBRARIES}),
    "dev": ("dev.txt", QT_LIBRARIES),
    "serve": ("run.txt", {}),
    "build": ("build.txt", {**QT_LIBRARIES, **X11_LIBRARIES, **PYTHON_LIBRARY}),
}

# Tests and pictures always run without a screen: no window steals the focus, and every machine draws the same.
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
# It takes ten minutes on one processor; on more than four it would hardly be sooner, as a file's tests stay together.
WHOLE_SUITE = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]

NO_DISPLAY = """\
LumeDesk needs a screen, and this session has none (neither DISPLAY nor WAYLAND_DISPLAY is set).

  on a server, with a virtual screen   xvfb-run -a python3 dev.py run   (from the packages xvfb and xauth)
  over ssh, on your own screen         ssh -X HOST, then python3 dev.py run
  only the tests, no screen needed     python3 dev.py test"""


class Stop(Exception):
    """Ends the program with a message for a person and an exit code: 2 when something has to be done first, else 1."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


# Running things


def spelled(command: list[str]) -> str:
    """The command as a person would type it here."""
    return subprocess.list2cmdline(command) if os.name == "nt" else " ".join(map(shlex.quote, command))


def step(command: list[str], purpose: str, advice: str = "", **environment: str) -> None:
    """Run one command of the set-up in the checkout; Stop with the command line when it fails."""
    try:
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    except OSError as error:
        raise Stop(f"{purpose} failed: {error}\n  {spelled(command)}\n{advice}".rstrip(), 1) from None
    if code:
        raise Stop(f"{purpose} failed (exit code {code}):\n  {spelled(command)}\n{advice}".rstrip(), 1)


def hand_over(command: list[str], **environment: str) -> int:
    """Let `command` take this program's place: signals, input and the exit code are its own."""
    env = {**os.environ, **environment}
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, env)  # noqa: S606 no shell is wanted
    process = subprocess.Popen(command, env=env)
    while True:  # Windows can't replace a process; Ctrl-C reaches both, and the child decides
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def tool(name: str, level: str = "") -> str:
    """The path of a program inside `.venv`, or in the place of another level."""
    venv = home(level)
    return str(venv / "Scripts" / f"{name}.exe" if os.name == "nt" else venv / "bin" / name)


def home(level: str) -> Path:
    """The virtual environment that a level is set up in."""
    return BUILD_VENV if level == "build" else VENV


def hand_over_module(module: str, arguments: list[str], level: str = "dev") -> int:
    """Run a module of the checkout, off screen, once its set-up is there. Stops when nobody wrote the module yet."""
    path = ROOT.joinpath(*module.split("."))
    if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists():
        raise Stop(f"{module} is not there yet.")
    prepare(level)
    os.chdir(ROOT)
    return hand_over([tool("python"), "-m", module, *arguments], **OFFSCREEN)


# Set-up: one .venv (and one to build in), with a stamp per level that says what it was made from


def key(level: str) -> str:
    """Changes whenever the set-up of this level must be done again."""
    lock, libraries = LEVELS[level]
    try:
        contents = (LOCKS / lock).read_bytes()
    except FileNotFoundError:
        raise Stop(f"packaging/locks/{lock} is missing; is this a whole checkout?") from None
    facts = f"{level} {platform.python_implementation()} {platform.python_version()} {sorted(libraries.values())}"
    return hashlib.sha256(contents + facts.encode()).hexdigest()


def stamp(level: str) -> Path:
    """Where the key of a finished set-up is kept."""
    return home(level) / f"ready-{level}"


def ready(level: str) -> bool:
    """Whether the set-up was finished for exactly this lock and this Python."""
    wanted = key(level)
    try:
        return stamp(level).read_text(encoding="ascii") == wanted and Path(tool("python", level)).exists()
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def prepare(level: str, programs: dict[str, str] | None = None) -> None:
    """Bring the level's environment up to it; costs next to nothing when it is there already.

    `programs`: what must be on the path besides, and the Debian packages that hold it.
    """
    lacking = missing_programs(programs or {})
    if ready(level) and not lacking:
        return
    packages = sorted({*missing_packages(LEVELS[level][1]), *lacking})
    install_system_packages(packages, missing_for_tests() if level == "dev" else [])
    if ready(level):
        return
    finished = [other for other in LEVELS if home(other) == home(level) and ready(other)]
    if not finished:
        make_venv(home(level))
    for other in finished:  # an interrupted install leaves no stamp, so that the next start builds anew
        stamp(other).unlink()
    install(LOCKS / LEVELS[level][0], level)
    for done in [*finished, level]:
        stamp(done).write_text(key(done), encoding="ascii")


def make_venv(venv: Path) -> None:
    """Make an empty environment, clearing away an outdated or half-made one; one that somebody else made is left alone."""
    if Path(sys.prefix).resolve() == venv:
        message = (
            f"This {venv.name} has to be made anew, which can't be done from inside it.\nUse a Python outside of it."
        )
        raise Stop(message)
    venv.mkdir(parents=True, exist_ok=True)
    leftovers = [path for path in venv.iterdir() if path.name != MARK]
    if leftovers and not (venv / MARK).exists():
        raise Stop(f"{venv} exists and was not made by dev.py. Move it away or delete it, then start again.")
    (venv / MARK).write_text("dev.py made this folder and makes it again after it is deleted.\n", encoding="ascii")
    for path in leftovers:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    say(f"Making {venv.relative_to(ROOT)}; the first time, some 100 MB are downloaded for it")
    step([sys.executable, "-m", "venv", str(venv)], "Making the virtual environment")


def install(lock: Path, level: str = "") -> None:
    """Install exactly what the lock names, checked against its hashes."""
    say(f"Installing packages from {lock.relative_to(ROOT).as_posix()}")
    command = [tool("python", level), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    advice = (
        "Is there a network connection? What was downloaded is kept; start again to continue.\n"
        "Qt's packages fit Python 3.11 to 3.14 and, on Linux, glibc 2.34 or newer (Debian 12, Ubuntu 22.04, RHEL 9)."
    )
    step(
        [*command, *quiet, "-r", str(lock)],
        "Installing the packages",
        advice,
        PIP_USER="0",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )


def say(message: str) -> None:
    """Tell what takes a while, before it does."""
    print(f"dev.py: {message}", flush=True)


# Debian and Ubuntu: what pip can't install


def missing_packages(libraries: dict[str, str]) -> list[str]:
    """The Debian packages this machine lacks, sorted; always empty on other systems."""
    if not sys.platform.startswith("linux") or not (shutil.which("apt-get") and shutil.which("dpkg")):
        return []
    missing = set()
    if sys.base_prefix == "/usr" and importlib.util.find_spec("ensurepip") is None:
        missing.add("python{}.{}-venv".format(*sys.version_info))
    if libraries:
        known = known_libraries()
        missing.update(package for library, package in libraries.items() if library not in known)
        if not any_font():
            missing.add("fonts-dejavu-core")
    return sorted(missing)


def missing_for_tests() -> list[str]:
    """The Debian packages without which some tests are skipped, sorted; always empty on other systems."""
    return missing_programs(KEYCHAIN_PROGRAMS)


def missing_programs(programs: dict[str, str]) -> list[str]:
    """The Debian packages of those that aren't on the path, sorted; always empty on other systems."""
    if not sys.platform.startswith("linux") or not (shutil.which("apt-get") and shutil.which("dpkg")):
        return []
    return sorted({package for program, package in programs.items() if shutil.which(program) is None})


def known_libraries() -> set[str]:
    """The file names of all shared libraries that the loader knows."""
    ldconfig = shutil.which("ldconfig", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if ldconfig is None:
        return set()
    listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, errors="replace", check=False).stdout
    return {line.split()[0] for line in listing.splitlines() if "=>" in line}


def any_font() -> bool:
    """Whether there is a single font on this machine; Qt draws empty boxes without one."""
    home = Path.home()
    places = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts", home / ".local/share/fonts"]
    return any(next(place.rglob(f"*.{kind}"), None) for place in places for kind in ("ttf", "otf", "ttc"))


def install_system_packages(packages: list[str], useful: list[str]) -> None:
    """Install Debian packages when we are root; otherwise Stop with the one command that does, or tell what is only useful."""
    if useful and not packages and os.geteuid() != 0:
        typed = spelled(["sudo", "apt-get", "install", "--no-install-recommends", *useful])
        say(f"The tests of the keychain will be skipped. To run them as well:\n\n  {typed}\n")
        return
    packages = packages + useful
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "-qq", "-o=Dpkg::Use-Pty=0", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        typed = spelled(["sudo", "apt-get", "install", "--no-install-recommends", *packages])
        raise Stop(f"Some system packages are missing. Install them, then start again:\n\n  {typed}")
    say(f"Installing system packages: {' '.join(packages)}")
    step(["apt-get", "update", "-qq"], "Reading the package lists", DEBIAN_FRONTEND="noninteractive")
    step(command, "Installing the system packages", DEBIAN_FRONTEND="noninteractive")


# Commands; the first line of each docstring is its help


def run(arguments: list[str]) -> int:
    """Open the desk on its sandbox; with arguments, which go to the desk, as they say."""
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not has_display:
        raise Stop(NO_DISPLAY)
    prepare("run")
    return hand_over([tool("python"), str(ROOT / "main.py"), *(arguments or ["--sandbox"])])


def test(arguments: list[str]) -> int:
    """Run every test, on several processors; arguments go to pytest, which uses one then."""
    prepare("dev")
    os.chdir(ROOT)
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    return hand_over([tool("python"), "-m", "pytest", *(arguments or WHOLE_SUITE)], **OFFSCREEN)


def check(_arguments: list[str]) -> int:
    """Lint, formatting, types, import layers and, where npm is, the workflows; changes nothing."""
    prepare("dev")
    python = tool("python")
    checks = {
        "ruff check": [python, "-m", "ruff", "check"],
        "ruff format": [python, "-m", "ruff", "format", "--check"],
        "mypy": [python, "-m", "mypy"],
        "import layers": [tool("lint-imports"), "--no-logo"],
        "workflows": [python, str(ROOT / "packaging" / "workflows" / "check.py")],
    }
    failed = []
    for name, command in checks.items():
        say(name)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        raise Stop(f"Failed: {', '.join(failed)}. What can be mended by itself: python3 dev.py fix", 1)
    say("all checks passed")
    return 0


def fix(_arguments: list[str]) -> int:
    """Mend what ruff can mend, and format."""
    prepare("dev")
    step([tool("python"), "-m", "ruff", "format"], "Formatting")
    step([tool("python"), "-m", "ruff", "check", "--fix"], "ruff")
    step([tool("python"), "-m", "ruff", "format"], "Formatting")
    return 0


def shots(arguments: list[str]) -> int:
    """Paint every screen into pictures: shots DIR [--only PAGE], or shots --picture for the README's."""
    if not arguments or (arguments[0].startswith("-") and arguments != ["--picture"]):
        raise Stop("Where to? python3 dev.py shots DIR")
    if arguments != ["--picture"]:
        arguments = [str(Path(arguments[0]).resolve()), *arguments[1:]]
    return hand_over_module("tests.support.shots", arguments)


def bench(arguments: list[str]) -> int:
    """Measure speed; arguments go to the benchmark."""
    return hand_over_module("tests.bench", arguments)


def sandbox(arguments: list[str]) -> int:
    """Start only the sandbox server; arguments go to it."""
    return hand_over_module("lumedesk.sandbox", arguments, level="serve")


def ui_map(arguments: list[str]) -> int:
    """Write docs/ui-map.md, the list of every screen and control."""
    return hand_over_module("tests.support.ui_map", arguments)


def lock(arguments: list[str]) -> int:
    """Resolve the locks from pyproject.toml; `lock --upgrade` takes newer versions."""
    prepare("dev")
    command = [tool("python"), "-m", "uv", "pip", "compile", "--universal", "--generate-hashes", "--quiet"]
    command += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--custom-compile-command", "python3 dev.py lock", "-c", "packaging/locks/limits.txt"]
    command += ["pyproject.toml", *arguments]
    step([*command, "-o", "packaging/locks/run.txt"], "Locking what the desk needs")
    dev = ["--extra", "dev", "-c", "packaging/locks/run.txt", "-o", "packaging/locks/dev.txt"]
    step([*command, *dev], "Locking what development needs")
    building = ["--extra", "build", "-c", "packaging/locks/run.txt", "-o", "packaging/locks/build.txt"]
    step([*command, *building], "Locking what the installers are built with")
    return 0


def refuse_foreign(wanted: set[str]) -> None:
    """Stop where one of these options of `build` can't work on this system."""
    for option in sorted(wanted):
        if not sys.platform.startswith(BUILT_ON[option]):
            names = " or ".join(SYSTEM_NAMES[system] for system in BUILT_ON[option])
            raise Stop(f"build {option} works on {names} only. Nothing was installed or built.")


def build(arguments: list[str]) -> int:
    """Build the installers into dist/; `build --help` says which, and how two builds are compared."""
    asked = {each for each in arguments if each.startswith("-")}
    wanted = asked.intersection(BUILT_ON)
    refuse_foreign(wanted)
    if asked.intersection(("--help", "-h", "--compare")):
        # Nothing is built: any Python does, and the standard library.
        return hand_over([sys.executable, str(ROOT / "packaging" / "build.py"), *arguments])
    for_windows = "--windows" in wanted or not (wanted or "--measure" in asked)
    prepare("build", {**BUILD_PROGRAMS, **WINDOWS_PROGRAMS} if for_windows else BUILD_PROGRAMS)
    os.chdir(ROOT)
    return hand_over([tool("python", "build"), str(ROOT / "packaging" / "build.py"), *arguments])


COMMANDS = {
    "run": run,
    "test": test,
    "check": check,
    "fix": fix,
    "shots": shots,
    "bench": bench,
    "sandbox": sandbox,
    "ui-map": ui_map,
    "lock": lock,
    "build": build,
}


def usage() -> str:
    """The list of commands."""
    lines = [f"  {name:8}  {(function.__doc__ or '').splitlines()[0]}" for name, function in COMMANDS.items()]
    return "python3 dev.py COMMAND [ARGUMENTS]\n\n" + "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run one command. Exit code 2: something has to be done first, and the message says what."""
    if sys.version_info < OLDEST_PYTHON:
        found = "{}.{}.{}".format(*sys.version_info)
        print(f"LumeDesk needs Python 3.11 or newer; this is {found} ({sys.executable}).", file=sys.stderr)
        return 2
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name in ("help", "-h", "--help"):
        print(usage())
        return 0
    try:
        if name not in COMMANDS:
            raise Stop(f"There is no command {name!r}.\n\n{usage()}")
        return COMMANDS[name](rest)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return stop.code
    except OSError as error:
        print(f"\nThat did not work: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next start takes up from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
