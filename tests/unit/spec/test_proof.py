from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.digest import digest_of_bytes, short
from mlgitops.model.spec import Pin, Release
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.load import no_evidence
from mlgitops.spec.proof import all_gaps, gaps, is_signed, signature_gap, signer, way_back
from tests.fakes.signed_release import STRANGER, SignedRelease, public_key

DOCUMENT = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"


@pytest.fixture
def document():
    return json.loads(DOCUMENT.read_text())


@pytest.fixture
def release(document):
    return released(document)


def released(document, content=None, **changes):
    """The Release of *document*, whose file holds *content*, with *changes* to its pin."""
    subject = document["subject"]
    pin = Pin(
        version=3,
        candidate=short(subject["candidate"]),
        manifest=subject["manifest"],
        evidence=digest_of_bytes(content or evidence_file.encode(document)),
    )
    pin = replace(pin, **changes)
    return Release(subject["model"], document["environment"], desired=pin, previous=None)


def tree(release, content):
    """Reads a tree whose only evidence is the file that *release* names, with *content*."""
    pin = release.desired
    path = evidence_file.path(pin.evidence, pin.candidate, release.model)
    return {path: content}.get


def found(release, content):
    return [
        (gap.code, ".".join(map(str, gap.place))) for gap in gaps(release, tree(release, content))
    ]


def test_a_release_with_the_evidence_that_it_pins_is_proven(release, document):
    assert found(release, evidence_file.encode(document)) == []


def test_a_candidate_may_be_named_by_its_whole_digest(document):
    release = released(document, candidate=document["subject"]["candidate"])

    assert found(release, evidence_file.encode(document)) == []


def test_what_retires_a_model_needs_no_evidence(release):
    def read(path):
        raise AssertionError(path)

    assert list(gaps(replace(release, desired=None, previous=release.desired), read)) == []


def test_evidence_that_is_not_there_is_a_gap(release):
    assert found(release, None) == [("SPEC327", "spec.desired.evidence")]


@pytest.mark.parametrize("change", [lambda c: c + b"\n", lambda c: c[:-1], lambda _: b""])
def test_one_other_byte_is_a_gap_and_nothing_else_is_said_of_it(release, document, change):
    content = change(evidence_file.encode(document))

    assert found(release, content) == [("SPEC328", "spec.desired.evidence")]


@pytest.mark.parametrize("content", [b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}'])
def test_content_that_is_no_evidence_is_a_gap_although_it_is_the_one_pinned(document, content):
    release = released(document, content)

    assert found(release, content) == [("SPEC329", "spec.desired.evidence")]


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("model", "fraud", "metadata.name"),
        ("environment", "production", "spec.environment"),
        ("candidate", "f" * 12, "spec.desired.candidate"),
        ("manifest", "sha256:" + "0" * 64, "spec.desired.manifest"),
    ],
)
def test_evidence_of_another_is_a_gap_at_the_key_that_differs(release, document, key, value, place):
    pinned = key in ("candidate", "manifest")
    changed = replace(release.desired, **{key: value}) if pinned else release.desired
    other = replace(release, desired=changed, **({} if pinned else {key: value}))

    assert found(other, evidence_file.encode(document)) == [("SPEC330", place)]


def test_every_key_that_differs_is_named(release, document):
    pin = replace(release.desired, candidate="f" * 12, manifest="sha256:" + "0" * 64)
    other = Release("fraud", "production", desired=pin, previous=None)

    codes = [code for code, _ in found(other, evidence_file.encode(document))]

    assert codes == ["SPEC330"] * 4


def test_evidence_of_a_sample_is_a_gap(document):
    document["producer"]["sample"] = 500

    assert found(released(document), evidence_file.encode(document)) == [
        ("SPEC331", "spec.desired.evidence")
    ]


def test_every_gap_says_what_to_do(release, document):
    (gone,) = gaps(release, lambda _: None)
    broken = released(document, b"{}")
    (other,) = gaps(broken, tree(broken, b"{}"))
    back = way_back(release)

    assert "`git log --all -- mlops/evidence/flights-delay/" in gone.advice(back)
    assert gone.advice(back).endswith(f"; or {back}")
    assert "`mlgitops rollback flights-delay --env staging`" in other.advice(back) == back


def unsigned(**changes):
    one = SignedRelease(**changes)
    one.files = {one.evidence_path: one.files[one.evidence_path]}
    return one


def test_a_signature_of_a_trusted_key_is_no_gap_and_it_is_told_whose():
    one = SignedRelease(is_required=True)

    assert all_gaps(one.release, one.specs) == []
    assert is_signed(one.release, one.specs)
    assert signer(one.release, one.specs) == public_key("ci", 1)


def test_no_signature_is_a_gap_only_where_one_is_demanded():
    one, other = unsigned(is_required=True), unsigned()

    assert [gap.code for gap in all_gaps(one.release, one.specs)] == ["SPEC338"]
    assert all_gaps(other.release, other.specs) == []
    assert signer(other.release, other.specs) is None
    assert not is_signed(other.release, other.specs)


def test_a_wrong_signature_is_a_gap_also_where_none_is_demanded():
    one = SignedRelease()
    one.sign(STRANGER)
    (gap,) = all_gaps(one.release, one.specs)

    assert (gap.code, gap.place) == ("SPEC339", ("spec", "desired", "evidence"))
    assert "proves nothing: no trusted key has the id" in gap.message


def test_a_signature_saves_nothing_that_lacks_its_evidence():
    one = SignedRelease(is_required=True)
    one.files[one.evidence_path] += b"\n"

    assert [gap.code for gap in all_gaps(one.release, one.specs)] == ["SPEC328"]
    # Asked for alone it is no proof either.
    assert signature_gap(one.release, one.specs, is_required=False).code == "SPEC339"


def test_a_tree_whose_keys_nobody_named_trusts_no_signature():
    one = SignedRelease()
    bare = replace(one.specs, trust=type(one.specs).__dataclass_fields__["trust"].default)

    assert [gap.code for gap in all_gaps(one.release, bare)] == ["SPEC339"]


def test_what_retires_a_model_needs_no_signature():
    one = unsigned(is_required=True)
    retired = replace(one.release, desired=None, previous=one.pin)

    assert all_gaps(retired, replace(one.specs, evidence=no_evidence)) == []
