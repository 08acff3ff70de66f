from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from mlgitops.adapters.signing import LocalKeyMaker, LocalSigner, LocalVerifier
from mlgitops.model.attestation import PublicKey, Signed, Unverified
from mlgitops.model.errors import MissingExtra, SpecError
from tests.fakes.signed_release import CI, RELEASER, private_key, public_key, signer

KEYS = (public_key("ci", CI), public_key("releaser", RELEASER))


def test_what_is_signed_is_verified_and_told_with_its_key():
    for seed, key in zip((CI, RELEASER), KEYS, strict=True):
        assert LocalVerifier().verify(signer(seed).sign(b"{}"), KEYS) == Signed(b"{}", key)


def test_equal_payloads_give_equal_envelopes():
    assert signer(CI).sign(b"{}") == signer(CI).sign(b"{}")


def test_an_envelope_is_dsse_over_the_type_and_the_payload():
    """The signature verified without the library, over the bytes of DSSE's protocol.md."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    envelope = json.loads(signer(CI).sign(b'{"a":1}'))
    (signature,) = envelope["signatures"]
    message = b'DSSEv1 28 application/vnd.in-toto+json 7 {"a":1}'

    key = Ed25519PublicKey.from_public_bytes(KEYS[0].raw)
    key.verify(base64.b64decode(signature["sig"]), message)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert signature["keyid"] == KEYS[0].id
    assert set(envelope) == {"payload", "payloadType", "signatures"}


def test_the_public_key_is_that_of_rfc_8032():
    """Section 7.1, test 1."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    content = Ed25519PrivateKey.from_private_bytes(secret).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    assert LocalSigner(content, "x").key.raw.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )


def test_a_new_key_signs_and_no_two_are_alike():
    content, key = LocalKeyMaker().generate()
    made = LocalSigner(content, "x")

    assert made.key == key
    assert LocalVerifier().verify(made.sign(b"x"), [key]).key == key
    assert LocalKeyMaker().generate()[1] != key


def test_a_key_that_lost_its_last_line_end_will_do():
    assert LocalSigner(private_key(CI).rstrip(), "x").key.raw == KEYS[0].raw


@pytest.mark.parametrize("keys", [(), KEYS[1:], (KEYS[0], PublicKey("copy", KEYS[0].raw))])
def test_a_signature_of_none_of_the_keys_or_of_two_is_nobodys(keys):
    with pytest.raises(Unverified):
        LocalVerifier().verify(signer(CI).sign(b"{}"), keys)


@pytest.mark.parametrize("content", [b"", b"not a key", private_key(CI)[:80], b"\xff"])
def test_what_is_no_private_key_is_refused_and_never_quoted(content):
    with pytest.raises(SpecError, match="holds no private key") as refused:
        LocalSigner(content, "MLGITOPS_SIGNING_KEY").sign(b"{}")

    assert "keys new" in str(refused.value.hint)
    assert "MC4CAQ" not in str(refused.value)


def test_a_key_with_a_password_is_refused():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    with pytest.raises(SpecError, match="without a password"):
        LocalSigner(content, "x").sign(b"{}")


@pytest.mark.parametrize("package", ["securesystemslib", "cryptography"])
def test_without_the_package_nothing_is_signed_or_verified(monkeypatch, package):
    envelope = signer(CI).sign(b"{}")
    monkeypatch.setitem(sys.modules, package, None)

    for do in (
        lambda: LocalVerifier().verify(envelope, KEYS),
        lambda: LocalSigner(private_key(CI), "x").sign(b"{}"),
        LocalKeyMaker().generate,
    ):
        with pytest.raises(MissingExtra, match="securesystemslib") as refused:
            do()
        assert "mlgitops[sign]" in str(refused.value.hint)


def test_the_module_imports_no_library_before_it_is_used():
    program = "import sys, mlgitops.adapters.signing\nprint(*sorted(sys.modules))"
    command = [sys.executable, "-c", program]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert not {"securesystemslib", "cryptography"} & set(names)
