"""The style sheet, with `$role` where theme.py puts a colour or a size. Widgets take a look by their dynamic `look` property."""

# A wedge out of a circle, cut off by the arrow's box: a style sheet takes no other shape in a theme's colour.
_WEDGE = (
    "qconicalgradient(cx: 0.5, cy: {apex}, angle: {angle}, stop: 0 $muted, stop: 0.074 $muted, stop: 0.075 transparent,"
    " stop: 0.925 transparent, stop: 0.926 $muted, stop: 1 $muted)"
)

_SHEET = """
* { outline: none; }
QWidget { color: $text; font-size: $body; }
QMainWindow, QDialog { background: $window; }
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 6px 8px; }

QLabel { background: transparent; }
QLabel[look="title"] { font-size: $title; font-weight: 600; }
QLabel[look="heading"] { font-size: $large; font-weight: 600; }
QLabel[look="figure"] { font-size: $figure; font-weight: 600; }
QLabel[look="figure-expired"] { font-size: $figure; font-weight: 600; color: $faint; text-decoration: line-through; }
QLabel[look="strong"] { font-weight: 600; }
QLabel[look="muted"] { color: $muted; }
QLabel[look="caption"] { color: $muted; font-size: $small; }
QLabel[look="label"] { color: $muted; font-size: $small; font-weight: 500; }
QLabel[look="error"] { color: $failed; }
QLabel[look="warning"] { color: $waiting; }
QLabel[look="trail"] { color: $muted; padding: 6px 12px; font-weight: 500; }
QLabel[look="trail-past"] { color: $text; padding: 6px 12px; font-weight: 500; }
QLabel[look="trail-now"] { color: $text; background: $selection; border-radius: 6px; padding: 6px 12px; font-weight: 600; }
QLabel[look^="profile-"] { font-size: $small; font-weight: 600; border-radius: 6px; padding: 6px 10px; }
QLabel[look="profile-red"] { background: $failed_tint; color: $failed; }
QLabel[look="profile-amber"] { background: $waiting_tint; color: $waiting; }
QLabel[look="profile-green"] { background: $done_tint; color: $done; }
QLabel[look="profile-blue"] { background: $moving_tint; color: $moving; }
QLabel[look="profile-grey"] { background: $unknown_tint; color: $unknown; }

QFrame[look^="band-"] { border: none; max-height: 4px; min-height: 4px; }
QFrame[look="band-red"] { background: $failed; }
QFrame[look="band-amber"] { background: $waiting; }
QFrame[look="band-green"] { background: $done; }
QFrame[look="band-blue"] { background: $moving; }
QFrame[look="band-grey"] { background: $unknown; }

QFrame[look="sidebar"] { background: $sidebar; border: none; border-right: 1px solid $border; }
QFrame[look="card"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
QFrame[look="card"]:focus { border: 1px solid $focus; }
QFrame[look="sunken"] { background: $sunken; border: none; border-radius: 8px; }
QFrame[look="rule"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[look="warning-banner"] { background: $waiting_tint; border: none; border-radius: 8px; }
QFrame[look="failed-banner"] { background: $failed_tint; border: none; border-radius: 8px; }
QFrame[look="done-banner"] { background: $done_tint; border: none; border-radius: 8px; }
QFrame[look="moving-banner"] { background: $moving_tint; border: none; border-radius: 8px; }

QPushButton {
    background: $surface; border: 1px solid $border; border-radius: 6px; padding: 6px 14px; min-height: 20px; font-weight: 500;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $sunken; }
QPushButton:focus { border: 2px solid $focus; padding: 5px 13px; }
QPushButton:disabled { color: $faint; background: $sunken; border-color: $sunken; }
QPushButton[look="primary"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[look="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[look="primary"]:focus { border: 2px solid $text; }
QPushButton[look="primary"]:disabled { background: $sunken; border-color: $sunken; color: $faint; }
QPushButton[look="nav"] {
    text-align: left; background: transparent; border: none; border-radius: 6px; padding: 8px 12px; min-height: 20px;
    color: $muted; font-weight: 500;
}
QPushButton[look="nav"]:hover { background: $hover; color: $text; }
QPushButton[look="nav"]:checked { background: $selection; color: $text; font-weight: 600; }
QPushButton[look="nav"]:focus { border: 2px solid $focus; padding: 6px 10px; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }
QToolButton:hover { background: $hover; }
QToolButton:focus { border-color: $focus; }

QLineEdit, QComboBox, QPlainTextEdit {
    background: $surface; border: 1px solid $border; border-radius: 6px; padding: 5px 10px; min-height: 22px;
    selection-background-color: $selection; selection-color: $text;
}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus { border: 2px solid $focus; padding: 4px 9px; }
QLineEdit:disabled, QComboBox:disabled { background: $sunken; color: $faint; }
QPlainTextEdit[look="passage"], QPlainTextEdit[look="passage"]:focus {
    background: transparent; border: none; padding: 0; min-height: 0;
}
QLineEdit[look="amount"] { font-size: $title; font-weight: 600; min-height: 32px; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: none; width: 0; height: 0; }
QComboBox QAbstractItemView {
    background: $surface; border: 1px solid $border; padding: 4px; selection-background-color: $selection; selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 8px; }
QSpinBox {
    qproperty-alignment: "AlignRight | AlignVCenter";
    background: $surface; border: 1px solid $border; border-radius: 6px; padding: 5px 10px; min-height: 22px;
    selection-background-color: $selection; selection-color: $text;
}
QSpinBox:focus { border: 2px solid $focus; padding: 4px 9px; }
QSpinBox:disabled { background: $sunken; color: $faint; }
QSpinBox::up-button, QSpinBox::down-button { subcontrol-origin: border; width: 26px; height: 17px; border: none; }
QSpinBox::up-button { subcontrol-position: top right; }
QSpinBox::down-button { subcontrol-position: bottom right; }
QSpinBox::up-arrow, QSpinBox::down-arrow { width: 8px; height: 5px; }
QSpinBox::up-arrow { background: UP_ARROW; }
QSpinBox::down-arrow { background: DOWN_ARROW; }
QRadioButton { spacing: 8px; background: transparent; }
QRadioButton:focus { color: $focus; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }
QCheckBox::indicator { width: 14px; height: 14px; }
QCheckBox::indicator:unchecked {
    width: 12px; height: 12px; background: $surface; border: 1px solid $muted; border-radius: 3px;
}
QCheckBox::indicator:unchecked:focus { border-color: $focus; }
QCheckBox::indicator:unchecked:disabled { background: $sunken; border-color: $faint; }

QTableView, QListView {
    background: $surface; border: 1px solid $border; border-radius: 8px; gridline-color: transparent;
    selection-background-color: $selection; selection-color: $text; alternate-background-color: $surface;
}
/* Rows end where the corners below begin: they are painted on a ground of their own, which has none. */
QTableView { padding-bottom: 7px; }
QTableView:focus, QListView:focus { border: 1px solid $focus; }
QTableView::item { border: none; border-bottom: 1px solid $sunken; padding: 0 9px; }
QTableView::item:selected { background: $selection; color: $text; }
QListView::item { border: none; padding: 8px 12px; border-radius: 6px; }
QListView::item:hover { background: $hover; }
QListView::item:selected { background: $selection; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section {
    background: $surface; color: $muted; border: none; border-bottom: 1px solid $border; padding: 0 12px;
    font-size: $small; font-weight: 600;
}
QHeaderView::section:hover { color: $text; }
QHeaderView::section:first { border-top-left-radius: 7px; }
QHeaderView::section:last { border-top-right-radius: 7px; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableCornerButton::section { background: $surface; border: none; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: $border; border-radius: 4px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QStatusBar { background: $sidebar; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: none; }
QStatusBar QLabel[look="online"] { color: $done; }
QStatusBar QLabel[look="error"] { color: $failed; }
QStatusBar QLabel[look="warning"] { color: $waiting; }
QStatusBar QLabel { color: $muted; font-size: $small; padding: 4px 8px; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenuBar { background: $sidebar; border-bottom: 1px solid $border; padding: 2px 4px; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QProgressBar { background: $sunken; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
"""

STYLE = _SHEET.replace("UP_ARROW", _WEDGE.format(apex=0, angle=270)).replace(
    "DOWN_ARROW", _WEDGE.format(apex=1, angle=90)
)
