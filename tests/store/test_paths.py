"""Where a profile's files lie, and who may read them."""

import os
import stat
from pathlib import Path

import pytest

from lumedesk.store.paths import BadProfileName, default_data_dir, make_private_folder, profile_paths


@pytest.mark.parametrize("name", ["sandbox", "a", "Prod-2", "x" * 40, "com", "console"])
def test_a_profile_has_a_folder_of_its_own(name: str, tmp_path: Path) -> None:
    paths = profile_paths(tmp_path, name)
    assert paths.folder == tmp_path / "profiles" / name
    assert {paths.mirror.parent, paths.marker.parent} == {paths.folder}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "../x", "-a", "_a", "x" * 41, "a b", "a\n", "CON", "nul", "lpt1", "é", "a."]
)
def test_names_that_are_no_folder_everywhere_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadProfileName, match=r"1 to 40"):
        profile_paths(tmp_path, name)


def test_the_data_folder_is_the_platform_s() -> None:
    assert "lumedesk" in str(default_data_dir()).lower()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no mode bits")
def test_the_folder_is_closed_to_others_even_if_it_was_open(tmp_path: Path) -> None:
    folder = tmp_path / "profiles" / "a"
    folder.mkdir(parents=True, mode=0o755)
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
