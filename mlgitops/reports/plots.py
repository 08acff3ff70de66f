"""Curves as small SVG drawings to be put into a page.

Drawn by matplotlib with placeholder colours, which become CSS variables, so that
one drawing serves light, dark and print. Equal points give equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from mlgitops.model.errors import MissingExtra

if TYPE_CHECKING:
    from mlgitops.model.curves import Curves, Point

_WIDTH, _HEIGHT = 3.2, 2.9
# Placeholder colour in the drawing → variable of the page's style sheet.
_COLOURS = {
    "#010101": "--ink",
    "#020202": "--muted",
    "#030303": "--line",
    "#040404": "--candidate",
    "#050505": "--champion",
}
_INK, _MUTED, _LINE, _CANDIDATE, _CHAMPION = _COLOURS
# What matplotlib writes for files of their own, or more precisely than eyes see.
_SURPLUS = re.compile(
    r"""^.*?(?=<svg\ ) | <metadata>.*?</metadata> | <!--.*?--> | <style.*?</style>
    | \ xmlns(?::\w+)?="[^"]*" | (?<=<g)\ id="[^"]*" | \ font-family:[^;"]*;
    | (?<=\.\d\d)\d+ | \ transform="rotate\(-0[^"]*" """,
    re.DOTALL | re.VERBOSE,
)
_REFERENCE = re.compile(r'\b(id="|href="#|url\(#)')
_EMPTY_GROUP = re.compile(r"<g/>|<g>\s*</g>|<defs>\s*</defs>")
_GAPS = re.compile(r"\s*\n\s*")


def roc(curves: Curves) -> str | None:
    """ROC of candidate and champion; None without a curve."""
    drawing = _Drawing("roc", "False positive rate", "True positive rate", "lower right")
    drawing.guide([(0, 0), (1, 1)], "chance")
    return drawing.finish(
        curves.champion.roc if curves.champion else None,
        curves.candidate.roc if curves.candidate else None,
    )


def precision_recall(curves: Curves, positive_share: float | None) -> str | None:
    """Precision over recall; *positive_share* of the rows is what chance gives."""
    drawing = _Drawing("pr", "Recall", "Precision", "upper right")
    if positive_share is not None:
        drawing.guide([(0, positive_share), (1, positive_share)], "chance")
    return drawing.finish(
        curves.champion.precision_recall if curves.champion else None,
        curves.candidate.precision_recall if curves.candidate else None,
    )


def calibration(curves: Curves, candidate: Sequence[Point]) -> str | None:
    """Share of positives over mean score; *candidate* holds the evidence's bins."""
    champion = curves.champion.calibration if curves.champion else None
    drawing = _Drawing("calibration", "Mean score", "Share of positives", "upper left")
    drawing.guide([(0, 0), (1, 1)], "perfect")
    drawing.zoom([*candidate, *(champion or ())])
    return drawing.finish(champion, candidate)


class _Drawing:
    """One pair of axes over the unit square."""

    def __init__(self, name: str, x: str, y: str, legend: str) -> None:
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError as error:
            raise MissingExtra("matplotlib", extra="report") from error
        self._name = name
        self._legend = legend
        self._figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        self._axes: Any = self._figure.add_subplot()
        self._axes.set(xlim=(0, 1), ylim=(0, 1))
        self._axes.set_xlabel(x, color=_MUTED, fontsize=9)
        self._axes.set_ylabel(y, color=_MUTED, fontsize=9)
        self._axes.tick_params(colors=_MUTED, labelsize=8, length=0)
        self._axes.grid(color=_LINE, linewidth=0.6)
        self._axes.set_axisbelow(True)
        self._axes.patch.set_visible(False)
        self._figure.patch.set_visible(False)
        for side in self._axes.spines.values():
            side.set_visible(False)

    def guide(self, points: Sequence[Point], label: str) -> None:
        """A thin reference line."""
        self._line(points, _MUTED, label, linewidth=0.8, linestyle=(0, (2, 3)), clip_on=True)

    def zoom(self, points: Sequence[Point]) -> None:
        """End both axes above the largest coordinate, in steps of a tenth."""
        largest = max((coordinate for point in points for coordinate in point), default=1.0)
        end = min(1.0, (int(largest * 10) + 1) / 10)
        self._axes.set(xlim=(0, end), ylim=(0, end))

    def finish(
        self, champion: Sequence[Point] | None, candidate: Sequence[Point] | None
    ) -> str | None:
        """The drawing as SVG, the candidate on top; None when both are missing."""
        if not champion and not candidate:
            return None
        if champion:
            self._line(
                champion, _CHAMPION, "champion", linewidth=1.6, linestyle=(0, (4, 2)), clip_on=False
            )
        if candidate:
            self._line(
                candidate,
                _CANDIDATE,
                "candidate",
                linewidth=2.0,
                clip_on=False,
                marker="o" if self._name == "calibration" else None,
            )
        self._axes.legend(
            loc=self._legend, frameon=False, fontsize=8, labelcolor=_INK, handlelength=2.4
        )
        return self._svg()

    def _line(self, points: Sequence[Point], colour: str, label: str, **style: Any) -> None:
        self._axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=colour,
            label=label,
            markersize=3.5,
            **style,
        )

    def _svg(self) -> str:
        import matplotlib as mpl

        out = StringIO()
        with mpl.rc_context({"svg.hashsalt": self._name, "svg.fonttype": "none"}):
            self._figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        return _inline(out.getvalue(), self._name)


def _inline(svg: str, name: str) -> str:
    """*svg* as part of a page: own ids, the page's colours and type."""
    text = _EMPTY_GROUP.sub("", _SURPLUS.sub("", svg))
    text = _REFERENCE.sub(lambda match: f"{match[1]}{name}-", text)
    for placeholder, variable in _COLOURS.items():
        text = text.replace(placeholder, f"var({variable})")
    return _GAPS.sub(" ", text).strip()
