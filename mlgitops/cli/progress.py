"""Shows what is going on: a spinner on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlgitops.cli.output import unguarded

if TYPE_CHECKING:
    from rich.progress import Progress as Shown

    from mlgitops.ports import Progress


def on_terminal_or_plain(environ: Mapping[str, str]) -> Progress:
    """A spinner if a person watches, else lines."""
    is_plain = environ.get("TERM") == "dumb" or "CI" in environ or environ.get("NO_COLOR")
    if sys.stderr.isatty() and not is_plain:
        return TerminalProgress()
    return PlainProgress()


class PlainProgress:
    """One line when a step starts and one when it ends, on stderr."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say that *name* runs, then how long it took."""
        sys.stderr.write(f"{name} …\n")
        started = time.perf_counter()
        yield
        sys.stderr.write(f"{name} done in {time.perf_counter() - started:.1f} s\n")


class TerminalProgress:
    """A spinner with the seconds so far; a step within another has a line of its own."""

    def __init__(self) -> None:
        self._shown: Shown | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Spin while *name* runs."""
        if self._shown is not None:
            task = self._shown.add_task(name)
            yield
            self._shown.remove_task(task)
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(file=unguarded(sys.stderr))
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as shown:
            shown.add_task(name)
            self._shown = shown
            try:
                yield
            finally:
                self._shown = None
