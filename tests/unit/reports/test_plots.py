from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from mlgitops.model.curves import Curves, ModelCurves
from mlgitops.reports import plots

EMPTY = ModelCurves(None, None, None)


def texts(svg: str) -> list[str]:
    return [text for element in parsed(svg).iter("text") if (text := element.text)]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314 - our own


def all_plots(curves: Curves) -> list[str]:
    drawn = (
        plots.roc(curves),
        plots.precision_recall(curves, 0.26),
        plots.calibration(curves, [(0.05, 0.06), (0.25, 0.24)]),
    )
    return [svg for svg in drawn if svg]


def test_both_models_and_the_reference_are_in_the_legend(cases: Any):
    *_, curves = cases["retrained"]

    for svg in all_plots(curves):
        assert {"candidate", "champion"} <= set(texts(svg))
        assert {"chance", "perfect"} & set(texts(svg))


def test_a_first_model_is_drawn_alone(cases: Any):
    *_, curves = cases["first"]

    for svg in all_plots(curves):
        assert "champion" not in texts(svg)


def test_equal_curves_give_equal_bytes(cases: Any):
    *_, curves = cases["retrained"]

    assert all_plots(curves) == all_plots(curves)


def test_drawings_load_nothing_and_follow_the_page(cases: Any):
    *_, curves = cases["retrained"]

    for svg in all_plots(curves):
        assert "http" not in svg
        assert "<style" not in svg
        assert "font-family" not in svg
        assert "#0" not in svg.replace("url(#", "").replace('href="#', "")
        assert "var(--candidate)" in svg
        assert len(svg) < 20_000


def test_ids_of_different_drawings_never_meet(cases: Any):
    *_, curves = cases["retrained"]
    ids = [e.get("id") for svg in all_plots(curves) for e in parsed(svg).iter() if e.get("id")]

    assert len(ids) == len(set(ids))


def test_without_points_there_is_no_drawing():
    for curves in (Curves(None, None), Curves(EMPTY, EMPTY)):
        assert plots.roc(curves) is None
        assert plots.precision_recall(curves, None) is None
        assert plots.calibration(curves, []) is None


def test_a_missing_champion_curve_leaves_the_candidate():
    curves = Curves(ModelCurves(((0.0, 0.0), (1.0, 1.0)), None, None), EMPTY)

    assert "candidate" in texts(plots.roc(curves) or "")
