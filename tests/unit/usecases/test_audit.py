from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlgitops.model.digest import canonical_json
from mlgitops.model.state import Target
from mlgitops.model.verdict import Verdict
from mlgitops.usecases.audit import Finding, Standing, audit, checks_for
from tests.fakes import releases
from tests.fakes.answers import schema
from tests.fakes.candidates import candidate
from tests.fakes.model_registry import InMemoryRegistry
from tests.fakes.signed_release import MODEL, STRANGER, SignedRelease


@pytest.fixture
def registry(tmp_path: Path) -> InMemoryRegistry:
    made = InMemoryRegistry()
    registration = candidate(tmp_path / "model", MODEL, b"1")
    made.register(registration, tmp_path / "model")
    return made


@pytest.fixture
def one(registry: InMemoryRegistry) -> SignedRelease:
    """A signed release of the version that the registry has."""
    (version,) = registry.versions(MODEL)
    found = SignedRelease()
    found.evidence["subject"] |= {
        "candidate": version.candidate,
        "manifest": version.manifest,
    }
    found.release_evidence()
    assert found.pin is not None
    found.pin = replace(found.pin, version=version.version)
    found.sign()
    return found


def standings(one: SignedRelease, registry: InMemoryRegistry | None, *, verify: bool = False):
    (row,) = audit(one.specs, checks_for(one.specs, registry, verify=verify))
    return {name: finding.standing for name, finding in row.findings.items()}, row


def test_a_sound_release_is_proven_in_every_way(one, registry):
    found, row = standings(one, registry, verify=True)

    assert found == dict.fromkeys(("evidence", "signature", "bytes", "decisions"), Standing.PROVEN)
    assert row.target == Target("staging", MODEL)
    assert row.findings["signature"].detail.startswith("by ci (")
    assert row.is_proven
    assert row.is_known


def test_nobody_verifies_unless_asked_or_demanded(one, registry):
    one.sign(STRANGER)
    found, row = standings(one, registry)

    assert found["signature"] is Standing.UNVERIFIED
    assert (row.is_proven, row.is_refuted) == (False, False)
    assert standings(one, registry, verify=True)[0]["signature"] is Standing.NOT_PROVEN


def test_a_signature_that_has_to_be_there_is_verified_unasked(one, registry):
    one.is_required = True

    assert standings(one, registry)[1].is_proven

    one.sign(STRANGER)
    found, row = standings(one, None)

    assert found["signature"] is Standing.NOT_PROVEN
    assert (row.is_proven, row.is_refuted) == (False, True)


def test_what_need_not_be_signed_is_proven_without(one, registry):
    one.files = {path: one.files[path] for path in (one.evidence_path, one.log_path)}
    found, row = standings(one, registry)

    assert found["signature"] is Standing.UNSIGNED
    assert row.is_proven


def test_only_what_was_looked_at_and_found_right_proves_anything():
    assert [one for one in Standing if Finding(one).is_sufficient] == [
        Standing.PROVEN,
        Standing.UNSIGNED,
    ]


@pytest.mark.parametrize(
    ("is_required", "verify", "standing"),
    [
        (False, False, Standing.UNSIGNED),
        (True, False, Standing.NOT_PROVEN),
        (False, True, Standing.NOT_PROVEN),
        (True, True, Standing.NOT_PROVEN),
    ],
)
def test_what_is_not_signed_fails_where_it_has_to_be(one, is_required, verify, standing):
    one.is_required = is_required
    one.files = {one.evidence_path: one.files[one.evidence_path]}

    assert standings(one, None, verify=verify)[0]["signature"] is standing


def test_other_evidence_is_not_proven_and_no_signature_saves_it(one):
    one.files[one.evidence_path] = canonical_json({**one.evidence, "ext": {"a": 1}})
    found, row = standings(one, None, verify=True)

    assert found["evidence"] is found["signature"] is Standing.NOT_PROVEN
    assert row.findings["evidence"].detail.startswith("SPEC328 ")
    assert not row.is_proven


def test_offline_nobody_looks_at_bytes(one):
    found, row = standings(one, None)

    assert found["bytes"] is Standing.UNCHECKED
    assert (row.is_proven, row.is_refuted, row.is_known) == (False, False, True)


def test_a_registry_that_is_away_leaves_it_unknown(one, registry):
    registry.is_down = True
    found, row = standings(one, registry)

    assert found["bytes"] is Standing.UNKNOWN
    assert (row.is_proven, row.is_refuted, row.is_known) == (False, False, False)


def spoil_files(registry: InMemoryRegistry) -> None:
    registry.overwrite(MODEL, 1, {"MLmodel": b"other"})


def take_files(registry: InMemoryRegistry) -> None:
    registry.overwrite(MODEL, 1, {})


def take_version(registry: InMemoryRegistry) -> None:
    registry.delete_version(MODEL, 1)


def retag(registry: InMemoryRegistry) -> None:
    registry.retag(MODEL, 1, manifest="sha256:" + "0" * 64)


@pytest.mark.parametrize("spoil", [spoil_files, take_files, take_version, retag])
def test_other_bytes_than_those_released_are_not_proven(one, registry, spoil):
    spoil(registry)
    found, row = standings(one, registry)

    assert found["bytes"] is Standing.NOT_PROVEN
    assert "v1" in row.findings["bytes"].detail


def test_what_retires_a_model_has_nothing_to_prove(one):
    retired = replace(
        one.specs,
        releases={("staging", MODEL): replace(one.release, desired=None, previous=one.pin)},
    )

    assert audit(retired, checks_for(retired, None, verify=True)) == ()


def test_rows_are_in_the_order_of_the_chain_then_by_model():
    pin = SignedRelease().pin
    names = [("production", "a"), ("staging", "b"), ("staging", "a")]
    made = [releases.release(environment, pin, model=model) for environment, model in names]
    specs = releases.specs(*made, models=("a", "b"))

    rows = audit(specs, {})

    assert [str(row.target) for row in rows] == ["staging/a", "staging/b", "production/a"]


def test_a_further_check_is_a_further_column(one):
    checks = checks_for(one.specs, None, verify=False)
    checks["log"] = lambda release, pin: Finding(
        Standing.NOT_PROVEN, f"{release.model} {pin.version}"
    )
    (row,) = audit(one.specs, checks)

    assert list(row.findings) == ["evidence", "signature", "bytes", "decisions", "log"]
    assert not row.is_proven


def decisions(one: SignedRelease):
    _, row = standings(one, None)
    return row.findings["decisions"], row


def test_a_release_without_a_decision_is_not_proven_by_one(one):
    del one.files[one.log_path]
    found, row = decisions(one)

    assert found.standing is Standing.NONE
    assert not row.is_proven
    assert not row.is_refuted


def cut(log: bytes) -> bytes:
    return b"\n".join(log.splitlines()[:-1]) + b"\n"


def edited(log: bytes) -> bytes:
    return log.replace(b'"pass"', b'"fail"', 1)


def dropped(log: bytes) -> bytes:
    return log.splitlines(keepends=True)[-1]


def torn(log: bytes) -> bytes:
    return log[:-9]


def emptied(_: bytes) -> bytes:
    return b""


def no_text(_: bytes) -> bytes:
    return b"\xff\xfe"


@pytest.mark.parametrize("change", [cut, edited, dropped, torn, emptied, no_text])
def test_a_log_that_was_changed_proves_nothing(one, change):
    one.decide(Verdict.FAIL)
    one.decide(again=True)
    assert decisions(one)[0] == Finding(Standing.PROVEN)
    one.files[one.log_path] = change(one.files[one.log_path])
    found, row = decisions(one)

    assert found.standing is Standing.NOT_PROVEN
    assert row.is_refuted


def test_decisions_about_another_target_prove_nothing(one):
    log = one.log_path
    one.environment = "production"
    one.decide()
    one.files[log] = one.files.pop(one.log_path)
    one.environment = "staging"

    assert "at line 1: it is about production/flights-delay" in decisions(one)[0].detail


def test_what_was_refused_last_proves_nothing(one):
    one.decide(Verdict.FAIL)

    assert decisions(one)[0].standing is Standing.NOT_PROVEN


def test_after_a_rollback_an_earlier_decision_proves_it(one):
    released, log = one.pin, one.files[one.log_path]
    one.evidence["ext"] = {"later": 1}
    one.release_evidence()
    one.files[one.log_path] = log
    one.decide(again=True)
    one.pin = released

    assert decisions(one)[0] == Finding(Standing.PROVEN, "an earlier one")


def test_the_words_of_the_schema_are_those_of_the_code():
    finding = schema("audit")["$defs"]["audit_finding"]

    assert finding["properties"]["standing"]["enum"] == list(Standing)
