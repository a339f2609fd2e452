"""Builds the installers into dist/: what `python3 dev.py build` runs, in the build's own environment."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from installers import bill, compare, export, freezing, linux, signing, windows, windows_release  # noqa: E402 - see above

import dev  # noqa: E402

DIST, BUILD = ROOT / "dist", ROOT / "build"
SYSTEMS = ("linux", "windows", "macos")


class BuildFailed(RuntimeError):
    """The build isn't what it has to be; the text says why."""


def main(arguments: list[str]) -> int:
    """Build, compare or measure. Shape: the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.compare:
            return _compare(*options.compare)
        if options.measure:
            # Only here: no other system has what it looks through.
            from installers import measuring

            return measuring.main(DIST / freezing.NAME)
        dev.refuse_foreign({f"--{system}" for system in SYSTEMS if getattr(options, system)})
        _build(options)
    # What each part raises when it can't do its work says why in its words.
    except (RuntimeError, OSError, dev.Stop) as error:
        print(f"\nThe build failed. {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        said = f"\n{error.stdout or ''}{error.stderr or ''}".rstrip()
        print(f"\nThe build failed: exit code {error.returncode} of {error.cmd}{said}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py build", description="Build the installers into dist/.", allow_abbrev=False
    )
    for system in SYSTEMS:
        parser.add_argument(f"--{system}", action="store_true", help=f"only what {system.capitalize()} gets")
    parser.add_argument("--skip-archives", action="store_true", help="Linux: only the folder, which checks itself")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), type=Path, help="compare two builds file by file")
    parser.add_argument("--measure", action="store_true", help="time the start of what was built, beside the sources'")
    return parser


def _build(options: argparse.Namespace) -> None:
    wanted = [system for system in SYSTEMS if getattr(options, system)] or _usual()
    source = export.export(ROOT, BUILD / "source")
    say(source.words)
    os.environ["SOURCE_DATE_EPOCH"] = str(source.epoch)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "packaging"), str(ROOT)])
    DIST.mkdir(exist_ok=True)
    steps = {"linux": _linux, "windows": _windows, "macos": _macos}
    for system in wanted:
        steps[system](source, options)


def _usual() -> list[str]:
    """What is built where nothing was asked for: what this system is, and on Linux the Windows installer as well."""
    return {"win32": ["windows"], "darwin": ["macos"]}.get(sys.platform, ["linux", "windows"])


def freeze(source: export.Source) -> Path:
    """Draw the icons, gather the licences, and freeze with this very Python. Shape: the folder or .app in dist/."""
    icons = source.folder / "build" / "icons"
    _run_in(source, "installers.icons", str(icons))
    shutil.copytree(icons, BUILD / "icons", dirs_exist_ok=True)
    _run_in(source, "installers.notices", str(source.folder / "resources" / "licences"))
    shutil.rmtree(DIST / freezing.NAME, ignore_errors=True)
    # Only here: its packages are the build environment's, which nothing is installed for where builds are only compared.
    from installers import parts

    began = time.monotonic()
    frozen = freezing.freeze(sys.executable, out=DIST, work=BUILD / "pyinstaller", root=source.folder)
    say(f"frozen in {time.monotonic() - began:.0f} s: {frozen.relative_to(ROOT)}")
    # What loads the program comes from PyInstaller, whose licence is among the others.
    known = {"pyinstaller", *map(parts.name_of, parts.packages(parts.this_system()))}
    strange = freezing.strangers(BUILD / "pyinstaller" / "lumedesk" / "PYZ-00.toc", known)
    if strange:
        raise BuildFailed(f"Nobody chose to ship {', '.join(sorted(strange))}: leave it out in installers/freezing.py.")
    return frozen


def probe(program: Path) -> None:
    """Let the frozen program check itself. Errors: BuildFailed, with its report."""
    report = BUILD / "probe.txt"
    report.unlink(missing_ok=True)
    done = subprocess.run([str(program), "--probe", "--report", str(report)], stdout=subprocess.DEVNULL, check=False)
    told = report.read_text(encoding="utf-8") if report.exists() else ""
    if done.returncode or not told:
        raise BuildFailed(f"{program.name} --probe exits with {done.returncode}:\n{told}")
    say(f"{program.name} --probe: {told.splitlines()[-1]}")


def _list_parts(artefact: Path) -> None:
    """Write the bill of materials beside it."""
    file = artefact.with_name(f"{artefact.name}.cdx.json")
    bill.write(file, bill.bill())
    say(f"{file.name}: what is in it")


def _linux(source: export.Source, options: argparse.Namespace) -> None:
    folder = freeze(source)
    linux.write_readme(folder)
    probe(folder / "lumedesk")
    if options.skip_archives:
        return
    archive = linux.make_archive(folder, DIST, source.epoch)
    package = linux.make_package(folder, source.folder / "build" / "icons", DIST, BUILD / "deb", source.epoch)
    say(f"{folder.name}: {linux.unpacked_size(folder) / 1e6:.1f} MB (at most {linux.MOST_UNPACKED / 1e6:.0f})")
    say(f"{archive.name}: {archive.stat().st_size / 1e6:.1f} MB (at most {linux.MOST_PACKED / 1e6:.0f})")
    say(f"{package.name}: {package.stat().st_size / 1e6:.1f} MB")
    _list_parts(archive)
    over = linux.over_goals(folder, archive)
    if over:
        raise BuildFailed("Too large. " + "; ".join(over))


def _windows(source: export.Source, _options: argparse.Namespace) -> None:
    if sys.platform == "linux":
        # Only here: it takes a Linux with Wine.
        from installers import windows_wine

        windows_wine.build_under_wine(source.folder, DIST, BUILD)
        return
    folder = freeze(source)
    probe(folder / windows.PROGRAM)
    way = signing.windows_signing(os.environ)
    made, lines = windows_release.package(folder, DIST, BUILD / "packing", way, icon=BUILD / "icons" / "lumedesk.ico")
    for line in lines:
        say(line)
    for each in made:
        say(f"{each.name}: {each.stat().st_size / 1e6:.1f} MB")
    _list_parts(made[0])


def _macos(source: export.Source, _options: argparse.Namespace) -> None:
    from installers import macos

    app = freeze(source)
    probe(app / "Contents" / "MacOS" / freezing.NAME)
    _list_parts(macos.make_disk(app, DIST, os.environ, say=say))


def _compare(first: Path, second: Path) -> int:
    found = compare.differences(first, second)
    for line in found:
        print(line)
    say(
        f"{len(found)} of {compare.count(first)} files differ"
        if found
        else f"{compare.count(first)} files, no difference"
    )
    return 1 if found else 0


def _run_in(source: export.Source, module: str, *arguments: str) -> None:
    """Run one of the installers' modules as the exported sources have it."""
    path = os.pathsep.join([str(source.folder / "packaging"), str(source.folder)])
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=source.folder, env={**freezing.environment(), "PYTHONPATH": path}, check=True)


def say(message: str) -> None:
    """Tell what was made."""
    print(f"build: {message}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
