"""How the disk image looks, for dmgbuild, which runs this file: `python -m dmgbuild -s disk.py -D app=… NAME FILE`.

The positions fit background.svg.
"""

from pathlib import Path

app = defines["app"]  # noqa: F821 - from dmgbuild, as the -D of its command line
files = [app]
symlinks = {"Applications": "/Applications"}

# Read by every system since 10.11, and smaller than zlib's.
format = "ULFO"  # noqa: A001 - the name is dmgbuild's
filesystem = "HFS+"
icon = defines["icon"]  # noqa: F821

background = defines["background"]  # noqa: F821
window_rect = ((200, 160), (640, 400))
default_view = "icon-view"
show_status_bar = False
show_tab_view = False
show_toolbar = False
show_pathbar = False
show_sidebar = False
arrange_by = None
icon_size = 112
text_size = 13
icon_locations = {Path(app).name: (170, 200), "Applications": (470, 200)}
