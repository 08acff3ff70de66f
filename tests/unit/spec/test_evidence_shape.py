from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlgitops.spec.evidence_shape import Gap, Shape, gap, may_lack, shape

EVIDENCE = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"


def paths(document: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield above
    if isinstance(document, dict | list):
        steps = document if isinstance(document, dict) else map(str, range(len(document)))
        for step in steps:
            yield from paths(
                document[int(step) if isinstance(document, list) else step], (*above, step)
            )


def test_whatever_sound_evidence_has_is_known() -> None:
    found = list(paths(json.loads(EVIDENCE.read_text())))

    assert len(found) > 500
    assert [path for path in found if gap(path)] == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("metrics.f1.lower", (2, "fields")),
        ("metrics.any.low", None),
        ("metrics.f1.low.value", (3, "value")),
        ("data.split.strategy.name", (3, "value")),
        ("schema.x", (1, "value")),
        ("calibration.ecee", (1, "fields")),
        ("calibration.ece.low", None),
        ("champion.version", None),
        ("champion.*.low", None),
        ("slices.judged", (1, "list")),
        ("slices.0.judged", None),
        ("slices.*.nmae", (2, "fields")),
        ("slices.[].metrics.*.low", None),
        ("slices.[].metrics.*.loww", (4, "fields")),
        ("metrics.[].low", (2, "key")),
        ("metrics.f1.low.[]", None),
        ("slices.[].by.[…].[].[].x", (6, "value")),
        ("slices.[].by.[…].x", (4, "list")),
        ("data.validation.results.[].rows.[].anything.at.all", None),
        ("ext.own.[].anything", None),
        ("ext.[].anything", (2, "key")),
        ("calibrations", (0, "fields")),
        ("", (0, "fields")),
    ],
)  # fmt: skip
def test_what_no_evidence_has(path: str, found: tuple[int, str] | None) -> None:
    one = gap(path.split("."))

    assert (one and (one.at, one.form)) == found


def test_what_there_is_instead() -> None:
    assert gap(["holdout", "dgiest"]) == Gap(1, "fields", ("digest", "candidates"))


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        (("data", "rows"), False),
        (("data", "window"), True),
        (("metrics", "*"), True),
        (("metrics", "roc_auc", "low"), True),
        (("champion", "version"), False),
        (("subject", "inputs"), False),
        (("ext", "x"), True),
        (("x", "y"), False),
        ((), False),
    ],
)
def test_what_sound_evidence_may_lack(place: tuple[str, ...], answer: bool) -> None:
    assert may_lack(place) is answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("metrics", "map"),
        ("metrics.f1", "record"),
        ("metrics.f1.low", "number"),
        ("champion", "record"),  # or null
        ("slices", "list"),
        ("slices.[].judged", "boolean"),
        ("metrics.[]", "text"),
        ("subject.candidate", "text"),
        ("ext.own", None),
        ("metrics.f1.lower", None),
    ],
)
def test_what_there_is_at_a_path(path: str, kind: str | None) -> None:
    found = shape(path.split("."))

    assert (found and found.kind) == kind


def test_a_record_tells_its_fields() -> None:
    assert shape(["holdout"]) == Shape("record", ("digest", "candidates"))
