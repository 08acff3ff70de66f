"""What rich draws tables of, on a console that is given to whoever draws.

rich leaves colours out where the console is no terminal. Texts from data are
stripped of control characters, so that no name can move the cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgitops.reports.escaping import visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_LONGEST_WHY = 600


def table(*titles: str) -> Table:
    """An empty table with these columns, without a frame."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    for title in titles:
        drawn.add_column(title)
    return drawn


def text(value: str, style: str = "") -> Text:
    """Literal text: rich reads no markup in it, and it holds no control characters.

    Spaces at either end stay, for they indent and separate.
    """
    from rich.text import Text

    before = len(value) - len(value.lstrip(" "))
    after = len(value) - len(value.rstrip(" "))
    return Text(" " * before + visible(value, _LONGEST_WHY) + " " * after, style=style)
