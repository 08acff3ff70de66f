from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.usecases.context import RunContext
from mlgitops.usecases.sections.reports import LARGEST_BYTES, report_digests, reports
from tests.fakes.laboratory import Laboratory


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    return Laboratory.create(tmp_path / "laboratory").context(until="extract")


def asking(context: RunContext, path: str = "out/audit.json", text: str | None = None) -> Path:
    """Let the pipeline name the report *path*, which says *text*."""
    evaluate = replace(context.pipeline.evaluate, reports={"audit": path})
    context.pipeline = replace(context.pipeline, evaluate=evaluate)
    place = context.origin.root / path
    if text is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return place


def test_without_reports_there_is_nothing(context: RunContext) -> None:
    assert reports(context) == {}
    assert report_digests(context) == {}


def test_a_document_is_taken_as_it_is_and_named_by_its_bytes(context: RunContext) -> None:
    text = '{"dependencies": [{"name": "numpy", "vulns": []}], "high": 0, "score": 1.5}'
    asking(context, text=text)

    assert reports(context) == {
        "audit": {"dependencies": [{"name": "numpy", "vulns": []}], "high": 0, "score": 1.5}
    }
    assert report_digests(context) == {"report audit": digest_of_bytes(text.encode())}


@pytest.mark.parametrize("text", ["[]", "null", '"fine"', "3"])
def test_any_json_value_may_be_the_document(context: RunContext, text: str) -> None:
    asking(context, text=text)

    assert list(reports(context)) == ["audit"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{'high': 0}", "Expecting property name"),
        ('{"high": NaN}', "NaN is not a number"),
        ('{"high": -Infinity}', "-Infinity is not a number"),
        ('{"high": 1e300}', "1e\\+300 is not a number"),
        ('{"high": 1e999}', "inf is not a number"),
        ('{"high": 9007199254740993}', "beyond 2\\*\\*53"),
        ('{"high": 1, "low": 0, "high": 0}', "the key 'high' appears twice"),
        ('{"high": "\\ud800"}', "lone surrogate"),
        ('{"high": 0} {}', "Extra data"),
        ("[" * 33 + "]" * 33, "nested more than 32 deep"),
        ("[" * 30_000, "recursion"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_file_and_remedy(
    context: RunContext, text: str, reason: str
) -> None:
    asking(context, text=text)
    place = r"mlops/pipelines/churn\.yaml: evaluate\.reports\.audit: out/audit\.json"
    with pytest.raises(SpecError, match=f"{place}: not strict JSON: .*{reason}") as caught:
        reports(context)

    assert caught.value.hint
    assert "one JSON document" in caught.value.hint


def test_other_encodings_are_refused(context: RunContext) -> None:
    asking(context, text="").write_bytes(b'{"caf\xe9": 1}')
    with pytest.raises(SpecError, match=r"not strict JSON: 'utf-8' codec"):
        reports(context)


def test_thirty_two_levels_are_allowed(context: RunContext) -> None:
    asking(context, text="[" * 32 + "]" * 32)

    assert reports(context)["audit"]


@pytest.mark.parametrize("read", [reports, report_digests])
class TestPlaces:
    def test_a_missing_file_is_named(self, context: RunContext, read: Any) -> None:
        asking(context)
        with pytest.raises(SpecError, match=r"reports\.audit: out/audit\.json: there is no such"):
            read(context)

    def test_a_folder_is_no_file(self, context: RunContext, read: Any) -> None:
        asking(context).mkdir(parents=True)
        with pytest.raises(SpecError, match="there is no such file"):
            read(context)

    def test_a_pipe_does_not_make_us_wait(self, context: RunContext, read: Any) -> None:
        place = asking(context)
        place.parent.mkdir()
        os.mkfifo(place)
        with pytest.raises(SpecError, match="there is no such file"):
            read(context)

    def test_a_link_is_refused(self, context: RunContext, read: Any) -> None:
        place = asking(context)
        place.parent.mkdir()
        place.symlink_to(context.origin.root / "mlgitops.yaml")
        with pytest.raises(SpecError, match="a link, or outside"):
            read(context)

    def test_a_linked_folder_is_refused(
        self, context: RunContext, read: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "audit.json").write_text("{}")
        (context.origin.root / "out").symlink_to(tmp_path / "elsewhere")
        asking(context)
        with pytest.raises(SpecError, match="a link, or outside"):
            read(context)

    def test_what_is_too_large_is_refused(self, context: RunContext, read: Any) -> None:
        asking(context, text='"' + "x" * (LARGEST_BYTES - 1) + '"')
        with pytest.raises(SpecError, match="more than 65,536 bytes"):
            read(context)


def test_the_repository_itself_may_be_reached_by_a_link(context: RunContext) -> None:
    asking(context, text="{}")
    other = context.origin.root.parent / "by-link"
    other.symlink_to(context.origin.root)
    context.origin = replace(context.origin, root=other)

    assert reports(context) == {"audit": {}}
