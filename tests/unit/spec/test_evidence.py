from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlgitops.model.digest import canonical_json, digest, digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.evidence import Evidence
from mlgitops.spec.bundled import folder
from mlgitops.spec.evidence import (
    LARGEST_BYTES,
    decode,
    encode,
    example,
    path,
    read,
)

EVIDENCE = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"


@pytest.fixture
def evidence() -> Any:
    return json.loads(EVIDENCE.read_text())


def test_a_sound_document_comes_back_as_it_was(evidence):
    content = encode(evidence)

    assert decode(content) == evidence
    assert content == canonical_json(evidence)
    assert digest_of_bytes(content) == digest(evidence)


def test_the_schema_has_the_keys_of_the_type(evidence):
    assert set(evidence) == set(Evidence.__annotations__)


def test_a_first_model_has_no_champion(evidence):
    evidence.update(champion=None, comparison={}, calibration=None)

    assert decode(encode(evidence)) == evidence


def test_other_keys_live_under_ext(evidence):
    evidence["ext"] = {"team": {"score": [1, None]}}

    assert decode(encode(evidence)) == evidence


def at(document: Any, place: str) -> tuple[Any, str | int]:
    *parents, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    for part in parents:
        document = document[part]
    return document, last


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        ("extra", 1, "/"),
        ("schema", "mlgitops.dev/evidence/v2", "/schema"),
        ("environment", "", "/environment"),
        ("subject/candidate", "abcdef123456", "/subject/candidate"),
        ("subject/candidate", "sha256:" + "a" * 64 + "\n", "/subject/candidate"),
        ("subject/task", "clustering", "/subject/task"),
        ("data/validation/asked", -1, "/data/validation/asked"),
        ("data/validation/asked", 4.5, "/data/validation/asked"),
        ("data/validation/asked", "4", "/data/validation/asked"),
        ("data/validation/results/0/status", "skipped", "/data/validation/results/0/status"),
        ("data/validation/results/0/values", [1], "/data/validation/results/0"),
        ("data/split/shared_rows", None, "/data/split/shared_rows"),
        ("metrics/roc_auc/low", "0.63", "/metrics/roc_auc/low"),
        ("metrics/roc_auc/low", True, "/metrics/roc_auc/low"),
        ("metrics/roc_auc/direction", "up", "/metrics/roc_auc/direction"),
        ("metrics/roc_auc", 0.64, "/metrics/roc_auc"),
        ("champion/metrics/roc_auc/p", 0.1, "/champion/metrics/roc_auc"),
        ("champion", {}, "/champion"),
        ("comparison/roc_auc/confidence", 95, "/comparison/roc_auc/confidence"),
        ("slices/0/metrics", None, "/slices/0/metrics"),
        ("leakage/duplicate_share", 1.5, "/leakage/duplicate_share"),
        ("leakage/features/0/auc", -0.5, "/leakage/features/0/auc"),
        ("leakage/after_the_fact/0", 3, "/leakage/after_the_fact/0"),
        ("producer/dirty", "no", "/producer/dirty"),
        ("ext", [], "/ext"),
    ],
)
def test_what_breaks_the_schema_is_refused_with_its_place(place, value, pointer, evidence):
    parent, last = at(evidence, place)
    if isinstance(parent, list) and last == len(parent):
        parent.append(value)
    else:
        parent[last] = value

    for refuse in (encode, lambda document: decode(json.dumps(document).encode())):
        with pytest.raises(SpecError) as caught:
            refuse(evidence)

        assert f" at {pointer}: " in caught.value.message
        assert caught.value.hint


def test_the_place_is_a_json_pointer(evidence):
    evidence["metrics"]["a/b~c"] = {**evidence["metrics"]["brier"], "low": None}

    with pytest.raises(SpecError, match=r"at /metrics/a~1b~0c/low: None is not of type 'number'"):
        encode(evidence)


def test_all_problems_are_told_at_once(evidence):
    for metric in evidence["metrics"].values():
        metric.update(low=None, high=None, n=None)

    with pytest.raises(SpecError) as caught:
        encode(evidence)
    lines = (caught.value.details or "").splitlines()
    assert len(lines) == 11
    assert lines[-1] == "… and 2 more"


REQUIRED = json.loads((folder("schemas") / "evidence.schema.json").read_text())["required"]


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_every_section_is_required(key, evidence):
    del evidence[key]

    with pytest.raises(SpecError, match=f"{key!r} is a required property"):
        encode(evidence)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not sound JSON"),
        (b"{", "not sound JSON"),
        (b"\xff\xfe{}", "not sound JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' appears twice"),
        (b'{"x": {"b": 1, "b": 1}}', "the key 'b' appears twice"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b'{"a": 1e999}', "inf is not a number"),
        (b'{"a": 1e300}', "1e.300 is not a number"),
        (b'{"a": 18014398509481984}', r"beyond 2\*\*53"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not sound JSON"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"[" * 100_000, "not sound JSON"),
        (b"[]", "is not of type 'object'"),
        (b"null", "is not of type 'object'"),
        (b" " * (LARGEST_BYTES + 1), "1,048,577 bytes; 1,048,576 are allowed"),
    ],
)
def test_bytes_that_readers_could_differ_on_are_refused(content, message):
    with pytest.raises(SpecError, match=message):
        decode(content)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300])
def test_no_unsound_number_is_written(number, evidence):
    evidence["metrics"]["brier"]["value"] = number

    with pytest.raises(SpecError):
        encode(evidence)


def test_no_type_outside_json_is_written(evidence):
    evidence["ext"] = {"when": object()}

    with pytest.raises(SpecError, match="no canonical form"):
        encode(evidence)


def test_a_document_that_is_too_large_is_not_written(evidence):
    evidence["ext"] = {"text": "x" * LARGEST_BYTES}

    with pytest.raises(SpecError, match="1,048,576 are allowed"):
        encode(evidence)


def test_the_path_names_candidate_and_content(evidence):
    name = path("sha256:" + "b" * 64, evidence["subject"]["candidate"], "flights-delay")

    candidate = evidence["subject"]["candidate"][7:19]
    assert name == f"mlops/evidence/flights-delay/{candidate}-bbbbbbbbbbbb.json"


def test_a_file_is_read_as_it_is(tmp_path):
    (tmp_path / "a.json").write_bytes(b"{}\r\n")

    assert read(tmp_path, "a.json") == b"{}\r\n"


@pytest.mark.parametrize("file", ["b.json", "folder", "a.json/below"])
def test_where_git_would_keep_no_file_there_is_none(tmp_path, file):
    (tmp_path / "a.json").write_bytes(b"{}")
    (tmp_path / "folder").mkdir()

    assert read(tmp_path, file) is None


def test_of_a_link_git_keeps_where_it_leads(tmp_path):
    (tmp_path / "a.json").write_bytes(b"{}")
    (tmp_path / "link.json").symlink_to("a.json")

    assert read(tmp_path, "link.json") == b"a.json"


def test_below_a_linked_folder_git_keeps_nothing_but_the_root_may_be_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.json").write_bytes(b"{}")
    (tmp_path / "linked").symlink_to("real")

    assert read(tmp_path, "linked/a.json") is None
    assert read(tmp_path / "linked", "a.json") == b"{}"


def test_no_more_is_read_than_evidence_may_hold(tmp_path):
    (tmp_path / "a.json").write_bytes(b" " * (LARGEST_BYTES + 9))

    assert len(read(tmp_path, "a.json")) == LARGEST_BYTES + 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    name = f"{'x' * 300}.json"

    with pytest.raises(SpecError) as refused:
        read(tmp_path, name)

    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.span.file) == ("SPEC116", name)


def test_the_example_is_the_bundled_document(evidence):
    assert example() == evidence
