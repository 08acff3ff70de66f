from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlgitops.model.attestation import (
    NOBODY,
    PublicKey,
    Signed,
    Trust,
    Unverified,
    encode,
    envelope_path,
    statement,
)

# Made by `openssl genpkey -algorithm ed25519 | openssl pkey -pubout`; the id by
# `openssl pkey -pubin -outform DER | sha256sum`.
PEM = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA1aTPBRi+0SCgohJsIf3+cuvdmHNwKK6sezeFKr5XZH0=
-----END PUBLIC KEY-----
"""
ID = "1dc29c91e5fb224febe9eb9e0175405e7b1622bdba0654ff526bae9387fa7de3"
X25519 = "MCowBQYDK2VuAyEA1aTPBRi+0SCgohJsIf3+cuvdmHNwKK6sezeFKr5XZH0="
DOCUMENT = {
    "environment": "staging",
    "subject": {
        "model": "churn",
        "candidate": "sha256:" + "c" * 64,
        "manifest": "sha256:" + "a" * 64,
    },
    "scores": "sha256:" + "5" * 64,
}
PATH = "mlops/evidence/churn/cccccccccccc-eeeeeeeeeeee.json"
SAID = statement("shop", DOCUMENT, "sha256:" + "e" * 64, PATH)
KEY = PublicKey.parse("ci", PEM)


def test_a_key_of_openssl_is_read_and_written_as_it_was():
    assert KEY.id == ID
    assert KEY.encode() == PEM
    assert KEY.shown == f"ci ({ID[:12]})"
    assert PublicKey("", KEY.raw).shown == ID[:12]


@pytest.mark.parametrize("text", [f"\n{PEM}\n\n", PEM.replace("\n", "\r\n"), PEM.rstrip()])
def test_line_ends_do_not_matter(text):
    assert PublicKey.parse("ci", text) == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        PEM + PEM,
        "ssh-ed25519 AAAA",
        PEM.replace("PUBLIC", "PRIVATE"),
        PEM.replace("MCowBQYDK2VwAyEA", "MCowBQYDK2VwAyEB+"),
        PEM.replace("ZH0=", "ZH0"),
        PEM.replace("ZH0=", ""),
        PEM.replace("ZH0=", "ZH1hYWE="),
        PEM.replace("MCow", "-Cow"),
        f"-----BEGIN PUBLIC KEY-----\n{X25519}\n-----END PUBLIC KEY-----\n",
        f"-----BEGIN PUBLIC KEY-----\n{'A' * 10_000}\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_is_no_ed25519_key_is_refused(text):
    with pytest.raises(ValueError, match="this is not"):
        PublicKey.parse("ci", text)


def test_a_private_key_is_told_from_other_files():
    with pytest.raises(ValueError, match="make another pair"):
        PublicKey.parse("ci", PEM.replace("PUBLIC", "PRIVATE"))


def test_a_statement_is_in_totos_and_says_all_that_is_released():
    assert json.loads(encode(SAID)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "churn", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://mlgitops.dev/evidence/v1",
        "predicate": {
            "project": "shop",
            "environment": "staging",
            "candidate": "sha256:" + "c" * 64,
            "evidence": {"digest": "sha256:" + "e" * 64, "path": PATH},
            "scores": "sha256:" + "5" * 64,
        },
    }


def test_the_envelope_lies_beside_the_evidence():
    assert envelope_path(PATH) == "mlops/evidence/churn/cccccccccccc-eeeeeeeeeeee.dsse.json"


def trusting(payload):
    return Trust(lambda: (KEY,), lambda _, keys: Signed(payload, keys[0]))


def test_the_signer_of_just_this_statement_is_told():
    assert trusting(encode(SAID)).signer(b"envelope", SAID) == KEY


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (encode({**SAID, "predicateType": "x"}), "differs in predicateType$"),
        (encode({**SAID, "more": 1}), "differs in more$"),
        (encode({**SAID, "subject": []}), "differs in subject$"),
        (encode({**SAID, "predicate": {**SAID["predicate"], "environment": "x"}}), "environment$"),
        (b"[]", "all of it$"),
        (json.dumps(SAID).encode(), "in another form than ours$"),
        (b"\xff", "no statement$"),
        (b"[" * 100_000, "no statement$"),
    ],
)
def test_another_payload_proves_nothing_and_it_says_how_it_differs(payload, said):
    with pytest.raises(Unverified, match=said):
        trusting(payload).signer(b"envelope", SAID)


def test_what_is_too_large_is_not_even_looked_at():
    def verify(_, __):
        raise AssertionError

    with pytest.raises(Unverified, match="65,536 bytes"):
        Trust(tuple, verify).signer(b" " * (64 << 10) + b" ", SAID)


def test_nobody_trusts_nothing():
    with pytest.raises(Unverified):
        NOBODY.signer(b"{}", SAID)


def test_the_example_of_the_evidence_can_be_signed():
    file = Path(__file__).parents[3] / "policies" / "tests" / "evidence.json"
    said = statement("shop", json.loads(file.read_text()), "sha256:" + "e" * 64, PATH)

    assert len(said["subject"][0]["digest"]["sha256"]) == 64
