from __future__ import annotations

from dataclasses import replace

import pytest

from mlgitops.model.attestation import Signed, Trust, Unverified
from mlgitops.model.errors import SpecError
from mlgitops.usecases.signing import key_for, signed
from tests.fakes.signed_release import CI, RELEASER, STRANGER, SignedRelease, public_key, signer


def test_who_signs_is_told_by_the_name_of_the_trusted_key():
    assert key_for(SignedRelease().specs, signer(RELEASER)) == public_key("releaser", RELEASER)


def test_nobody_signs_where_nobody_has_to():
    one = SignedRelease()

    assert key_for(one.specs, None) is None
    assert signed(b"whatever", one.specs, None) == {}


def test_without_a_key_nothing_goes_on_where_one_has_to_sign():
    with pytest.raises(SpecError, match="no key to sign with") as refused:
        key_for(SignedRelease(is_required=True).specs, None)

    assert "MLGITOPS_SIGNING_KEY_FILE" in str(refused.value.hint)


@pytest.mark.parametrize("is_required", [False, True])
def test_a_key_that_is_not_trusted_signs_nothing(is_required):
    with pytest.raises(SpecError, match="none of those that main trusts"):
        key_for(SignedRelease(is_required=is_required).specs, signer(STRANGER))


def test_the_envelope_is_the_one_that_the_release_needs():
    one = SignedRelease()
    found = signed(one.files[one.evidence_path], one.specs, signer(CI))

    assert found == {one.evidence_path.removesuffix(".json") + ".dsse.json": one.envelope.decode()}


def test_a_signature_that_would_not_count_is_never_handed_out():
    one = SignedRelease()
    content = one.files[one.evidence_path]
    elsewhere = replace(
        one.specs, trust=Trust(one.specs.trust.keys, lambda _, keys: Signed(b"", keys[0]))
    )

    with pytest.raises(Unverified):
        signed(content, one.specs, signer(STRANGER))
    with pytest.raises(Unverified):
        signed(content, elsewhere, signer(CI))
