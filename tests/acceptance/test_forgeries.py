"""Releases that somebody forged, each in another way: none of them is ever proven."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mlgitops.adapters.signing import LocalSigner
from mlgitops.model.attestation import PublicKey, encode
from mlgitops.model.digest import canonical_json, digest_of_bytes
from mlgitops.spec.proof import all_gaps
from mlgitops.usecases.audit import Standing, audit, checks_for
from tests.fakes.signed_release import (
    CI,
    RELEASER,
    STRANGER,
    SignedRelease,
    public_key,
    signer,
)

Forgery = Callable[[SignedRelease], None]
FORGERIES: dict[str, Forgery] = {}
NOTHING = "sha256:" + "0" * 64


def forgery(forge: Forgery) -> Forgery:
    FORGERIES[forge.__name__] = forge
    return forge


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def wrapped(payload: bytes, signature: bytes, key_id: str, **others: Any) -> bytes:
    return canonical_json(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
            **others,
        }
    )


def parts(one: SignedRelease) -> tuple[bytes, bytes, str]:
    document = json.loads(one.envelope)
    (signature,) = document["signatures"]
    return (
        base64.b64decode(document["payload"]),
        base64.b64decode(signature["sig"]),
        signature["keyid"],
    )


def repinned(one: SignedRelease) -> None:
    """Release the evidence as it is now, and bring the old envelope along."""
    envelope = one.envelope
    one.release_evidence()
    one.envelope = envelope


# What the evidence says.


def evidence_with(name: str, change: Callable[[Any], None]) -> None:
    def forge(one: SignedRelease) -> None:
        change(one.evidence)
        repinned(one)

    forge.__name__ = f"evidence_{name}"
    forgery(forge)


evidence_with("better_metric", lambda e: e["metrics"]["roc_auc"].update(value=0.99))
evidence_with("better_interval", lambda e: e["metrics"]["roc_auc"].update(low=0.98, high=0.99))
evidence_with("more_rows", lambda e: e["metrics"]["roc_auc"].update(n=1_000_000))
evidence_with("no_champion", lambda e: e.update(champion=None, comparison={}))
evidence_with("other_champion", lambda e: (e["champion"] or {}).update(version=99))
evidence_with("no_slices", lambda e: e.update(slices=[]))
evidence_with("no_leakage", lambda e: e["leakage"].update(duplicate_rows=41, duplicate_share=0.0))
evidence_with("other_commit", lambda e: e["producer"].update(commit="f" * 40))
evidence_with("other_actor", lambda e: e["producer"].update(actor="Mallory <m@example.org>"))
evidence_with("other_time", lambda e: e["producer"].update(time="2030-01-01T00:00:00Z"))
evidence_with("other_sandbox", lambda e: e["producer"].update(sandbox="process"))
evidence_with("other_scores", lambda e: e.update(scores=NOTHING))
evidence_with("other_data", lambda e: e["data"].update(digest=NOTHING))
evidence_with("other_inputs", lambda e: e["inputs"].update(code=NOTHING))
evidence_with("other_manifest", lambda e: e["subject"].update(manifest=NOTHING))
evidence_with("other_candidate", lambda e: e["subject"].update(candidate=NOTHING))
evidence_with("other_size", lambda e: e["subject"].update(size_bytes=1))
evidence_with("extension", lambda e: e["ext"].update(scan={"findings": 0}))


@forgery
def evidence_edited_in_place(one: SignedRelease) -> None:
    one.files[one.evidence_path] = one.files[one.evidence_path].replace(b"0.6431", b"0.9431")


@forgery
def evidence_with_a_line_end(one: SignedRelease) -> None:
    one.files[one.evidence_path] += b"\n"


@forgery
def evidence_taken_away(one: SignedRelease) -> None:
    del one.files[one.evidence_path]


@forgery
def evidence_unsorted(one: SignedRelease) -> None:
    content = json.dumps(dict(reversed(one.evidence.items()))).encode()
    envelope = one.envelope
    assert one.pin is not None
    one.pin = replace(one.pin, evidence=digest_of_bytes(content))
    one.files[one.evidence_path], one.envelope = content, envelope


# What the signature was for.


def signature_of(name: str, made: Callable[[], SignedRelease]) -> None:
    def forge(one: SignedRelease) -> None:
        one.envelope = made().envelope

    forge.__name__ = f"signature_of_{name}"
    forgery(forge)


def older() -> SignedRelease:
    one = SignedRelease()
    one.evidence["metrics"]["roc_auc"]["value"] = 0.7
    one.release_evidence()
    one.sign()
    return one


signature_of("older_evidence", older)
signature_of("another_environment", lambda: SignedRelease(environment="production"))
signature_of("another_model", lambda: SignedRelease(model="fraud"))


def statement_with(name: str, change: Callable[[Any], None]) -> None:
    """A trusted key signs a statement that is not the one about this Release."""

    def forge(one: SignedRelease) -> None:
        said = one.statement()
        change(said)
        one.sign(**said)

    forge.__name__ = f"statement_{name}"
    forgery(forge)


statement_with("other_project", lambda s: s["predicate"].update(project="another"))
statement_with("other_environment", lambda s: s["predicate"].update(environment="production"))
statement_with("other_candidate", lambda s: s["predicate"].update(candidate=NOTHING))
statement_with("short_candidate", lambda s: s["predicate"].update(candidate="4d1c90aa52e1"))
statement_with("other_scores", lambda s: s["predicate"].update(scores=NOTHING))
statement_with("other_digest", lambda s: s["predicate"]["evidence"].update(digest=NOTHING))
statement_with("other_path", lambda s: s["predicate"]["evidence"].update(path="mlops/a.json"))
statement_with("no_path", lambda s: s["predicate"]["evidence"].pop("path"))
statement_with("other_subject", lambda s: s["subject"][0].update(name="fraud"))
statement_with("other_manifest", lambda s: s["subject"][0]["digest"].update(sha256="0" * 64))
statement_with("upper_case", lambda s: s["subject"][0]["digest"].update(sha256="A" * 64))
statement_with("two_digests", lambda s: s["subject"][0]["digest"].update(sha1="0" * 40))
statement_with("two_subjects", lambda s: s["subject"].append(s["subject"][0]))
statement_with("no_subject", lambda s: s["subject"].clear())
statement_with("other_type", lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"))
statement_with(
    "other_predicate", lambda s: s.update(predicateType="https://slsa.dev/provenance/v1")
)
statement_with("extra_key", lambda s: s.update(verdict="pass"))
statement_with("extra_fact", lambda s: s["predicate"].update(verdict="pass"))
statement_with("null", lambda s: s["predicate"].update(scores=None))


def payload_of(name: str, change: Callable[[bytes], bytes]) -> None:
    """A trusted key signs a payload that is not written as ours is."""

    def forge(one: SignedRelease) -> None:
        one.envelope = signer(CI).sign(change(encode(one.statement())))

    forge.__name__ = f"payload_{name}"
    forgery(forge)


payload_of("unsorted", lambda p: json.dumps(dict(reversed(json.loads(p).items()))).encode())
payload_of("with_spaces", lambda p: json.dumps(json.loads(p), sort_keys=True).encode())
payload_of("with_a_line_end", lambda p: p + b"\n")
payload_of("with_a_byte_order_mark", lambda p: b"\xef\xbb\xbf" + p)
payload_of("twice", lambda p: p + p)
payload_of("cut_short", lambda p: p[:-1])
payload_of("with_a_key_twice", lambda p: p.replace(b"{", b'{"_type":"x",', 1))
payload_of("empty", lambda _: b"")
payload_of("no_object", lambda _: b"[]")
payload_of("null", lambda _: b"null")
payload_of("not_json", lambda _: b"\xff\xfe")


# Who signed.


@forgery
def key_of_a_stranger(one: SignedRelease) -> None:
    one.sign(STRANGER)


@forgery
def stranger_in_the_name_of_a_trusted_key(one: SignedRelease) -> None:
    one.sign(STRANGER)
    one.edit(lambda d: d["signatures"][0].update(keyid=public_key("ci", CI).id))


@forgery
def trusted_key_in_the_name_of_another(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].update(keyid=public_key("releaser", RELEASER).id))


@forgery
def key_id_cut_short(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].update(keyid=d["signatures"][0]["keyid"][:12]))


@forgery
def key_id_in_capitals(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].update(keyid=d["signatures"][0]["keyid"].upper()))


@forgery
def key_id_by_name(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].update(keyid="ci"))


@forgery
def key_id_empty(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].update(keyid=""))


@forgery
def key_id_missing(one: SignedRelease) -> None:
    one.edit(lambda d: d["signatures"][0].pop("keyid"))


@forgery
def key_no_longer_trusted(one: SignedRelease) -> None:
    one.keys = (public_key("releaser", RELEASER),)


@forgery
def nobody_is_trusted(one: SignedRelease) -> None:
    one.keys = ()


@forgery
def key_replaced_under_its_name(one: SignedRelease) -> None:
    one.keys = (public_key("ci", STRANGER),)


@forgery
def one_key_twice(one: SignedRelease) -> None:
    one.keys = (public_key("ci", CI), PublicKey("copy", public_key("ci", CI).raw))


# How the envelope is written.


def envelope_with(name: str, change: Callable[[Any], Any]) -> None:
    def forge(one: SignedRelease) -> None:
        one.edit(change)

    forge.__name__ = f"envelope_{name}"
    forgery(forge)


def bytes_of_envelope(name: str, change: Callable[[bytes], bytes]) -> None:
    def forge(one: SignedRelease) -> None:
        one.envelope = change(one.envelope)

    forge.__name__ = f"envelope_{name}"
    forgery(forge)


def doubled(document: Any) -> None:
    document["signatures"] *= 2


envelope_with("without_signatures", lambda d: d["signatures"].clear())
envelope_with("signatures_missing", lambda d: d.pop("signatures"))
envelope_with("signatures_no_list", lambda d: d.update(signatures=d["signatures"][0]))
envelope_with("signed_twice", doubled)
envelope_with("second_signature", lambda d: d["signatures"].append({"keyid": "x", "sig": "AAAA"}))
envelope_with("signature_empty", lambda d: d["signatures"][0].update(sig=""))
envelope_with("signature_null", lambda d: d["signatures"][0].update(sig=None))
envelope_with("signature_zero", lambda d: d["signatures"][0].update(sig="A" * 86 + "=="))
envelope_with(
    "signature_short", lambda d: d["signatures"][0].update(sig=d["signatures"][0]["sig"][:84])
)
envelope_with(
    "signature_unpadded", lambda d: d["signatures"][0].update(sig=d["signatures"][0]["sig"][:86])
)
envelope_with("signature_in_hex", lambda d: d["signatures"][0].update(sig="00" * 64))
envelope_with("signature_extra_key", lambda d: d["signatures"][0].update(cert="x"))
envelope_with("other_payload_type", lambda d: d.update(payloadType="application/json"))
envelope_with("payload_type_in_capitals", lambda d: d.update(payloadType=d["payloadType"].upper()))
envelope_with("no_payload_type", lambda d: d.pop("payloadType"))
envelope_with("payload_empty", lambda d: d.update(payload=""))
envelope_with("payload_no_text", lambda d: d.update(payload=7))
envelope_with("payload_unpadded", lambda d: d.update(payload=d["payload"].rstrip("=") + "A"))
envelope_with("payload_cut", lambda d: d.update(payload=d["payload"][:-5]))
envelope_with("payload_with_a_line_end", lambda d: d.update(payload=d["payload"] + "\n"))
envelope_with("payload_not_ascii", lambda d: d.update(payload="ü" + d["payload"]))
envelope_with("extra_key", lambda d: d.update(verified=True))
bytes_of_envelope("trailing_line_end", lambda c: c + b"\n")
bytes_of_envelope("trailing_zero", lambda c: c + b"\0")
bytes_of_envelope("trailing_envelope", lambda c: c + c)
bytes_of_envelope("leading_space", lambda c: b" " + c)
bytes_of_envelope("byte_order_mark", lambda c: b"\xef\xbb\xbf" + c)
bytes_of_envelope(
    "unsorted",
    lambda c: json.dumps(dict(reversed(json.loads(c).items())), separators=(",", ":")).encode(),
)
bytes_of_envelope("indented", lambda c: json.dumps(json.loads(c), indent=2).encode())
bytes_of_envelope("key_twice", lambda c: c.replace(b"{", b'{"payload":"AAAA",', 1))
bytes_of_envelope("cut", lambda c: c[: len(c) // 2])
bytes_of_envelope("empty", lambda _: b"")
bytes_of_envelope("null", lambda _: b"null")
bytes_of_envelope("list", lambda c: b"[" + c + b"]")
bytes_of_envelope("deep", lambda _: b"[" * 60_000)
bytes_of_envelope("not_text", lambda _: b"\xff\xfe")
bytes_of_envelope("nan", lambda _: b"NaN")
bytes_of_envelope("long_number", lambda _: b"9" * 60_000)
bytes_of_envelope("lone_surrogate", lambda c: c.replace(b'"keyid":"', b'"keyid":"\\ud800'))
bytes_of_envelope("escaped", lambda c: c.replace(b'"payload"', b'"p\\u0061yload"'))
bytes_of_envelope("other_encoding", lambda c: c.decode().encode("utf-16"))
bytes_of_envelope("oversize", lambda c: c[:-1] + b',"pad":"' + b"x" * (64 << 10) + b'"}')


@forgery
def envelope_oversize_and_sound(one: SignedRelease) -> None:
    one.envelope = signer(CI).sign(b"x" * (60 << 10))


@forgery
def envelope_replaced_by_the_statement(one: SignedRelease) -> None:
    one.envelope = encode(one.statement())


@forgery
def envelope_replaced_by_the_evidence(one: SignedRelease) -> None:
    one.envelope = one.files[one.evidence_path]


@forgery
def envelope_urlsafe(one: SignedRelease) -> None:
    """Another writing of the same bytes, which the library would take."""
    while not {*"+/"} & {*json.loads(one.envelope)["signatures"][0]["sig"]}:
        one.evidence["data"]["rows"] += 1
        one.release_evidence()
        one.sign()
    table = str.maketrans("+/", "-_")
    one.edit(lambda d: d["signatures"][0].update(sig=d["signatures"][0]["sig"].translate(table)))


@forgery
def signature_over_the_bare_payload(one: SignedRelease) -> None:
    """Without DSSE's encoding of type and length, as a signature for another use would be."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from tests.fakes.signed_release import private_key

    payload, _, key_id = parts(one)
    private: Any = load_pem_private_key(private_key(CI), None)
    one.envelope = wrapped(payload, private.sign(payload), key_id)


@forgery
def signature_of_another_type(one: SignedRelease) -> None:
    """A trusted key's signature of the same payload under another payload type."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    from tests.fakes.signed_release import private_key

    payload, _, key_id = parts(one)
    private: Any = load_pem_private_key(private_key(CI), None)
    envelope = Envelope(payload, "application/json", {})
    made = envelope.sign(CryptoSigner(private))
    one.envelope = wrapped(payload, bytes.fromhex(made.signature), key_id)


@forgery
def signature_malleated(one: SignedRelease) -> None:
    """S plus the group's order, which sloppy verifiers take as the same signature."""
    payload, signature, key_id = parts(one)
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    one.envelope = wrapped(payload, signature[:32] + scalar.to_bytes(32, "little"), key_id)


def flips(part: str, places: tuple[int, ...]) -> None:
    for place in places:

        def forge(one: SignedRelease, place: int = place) -> None:
            payload, signature, key_id = parts(one)
            if part == "payload":
                payload = flipped(payload, place)
            else:
                signature = flipped(signature, place)
            one.envelope = wrapped(payload, signature, key_id)

        forge.__name__ = f"{part}_bit_{place}"
        forgery(forge)


flips("payload", (0, 1, 20, 60, 120, -2, -1))
flips("signature", (0, 1, 31, 32, 62, 63))


# What the Release says.


def pin_with(name: str, **changes: Any) -> None:
    def forge(one: SignedRelease) -> None:
        content, envelope = one.files[one.evidence_path], one.envelope
        assert one.pin is not None
        one.pin = replace(one.pin, **changes)
        one.files[one.evidence_path], one.envelope = content, envelope

    forge.__name__ = f"pin_of_another_{name}"
    forgery(forge)


pin_with("manifest", manifest=NOTHING)
pin_with("candidate", candidate="f" * 12)
pin_with("evidence", evidence=NOTHING)


@forgery
def release_to_another_environment(one: SignedRelease) -> None:
    one.environment = "production"


@forgery
def release_of_another_model(one: SignedRelease) -> None:
    content, envelope = one.files[one.evidence_path], one.envelope
    one.model = "fraud"
    one.files[one.evidence_path], one.envelope = content, envelope


@forgery
def release_of_everything_to_another_environment(one: SignedRelease) -> None:
    """The evidence is edited and pinned, too; only the signature cannot be."""
    one.environment = "production"
    repinned(one)


# Without any signature: only where the project demands one is that a forgery.


def stripped(one: SignedRelease) -> None:
    one.files = {one.evidence_path: one.files[one.evidence_path]}


def stripped_and_edited(one: SignedRelease) -> None:
    one.evidence["metrics"]["roc_auc"]["value"] = 0.99
    one.release_evidence()


def stripped_and_beside_another(one: SignedRelease) -> None:
    """The signature of the evidence before lies there still, under its own name."""
    one.evidence["metrics"]["roc_auc"]["value"] = 0.99
    one.files = dict(one.files)
    one.release_evidence()


UNSIGNED = [stripped, stripped_and_edited, stripped_and_beside_another]


@pytest.mark.parametrize("is_required", [False, True], ids=["optional", "required"])
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_release_is_not_proven(forge: Forgery, is_required: bool) -> None:
    one = SignedRelease(is_required=is_required)
    assert all_gaps(one.release, one.specs) == []

    forge(one)

    assert all_gaps(one.release, one.specs)
    assert audited(one) is False


@pytest.mark.parametrize("strip", UNSIGNED)
def test_a_release_without_a_signature_is_not_proven_where_one_is_demanded(strip: Forgery) -> None:
    one = SignedRelease(is_required=True)
    strip(one)

    assert [gap.code for gap in all_gaps(one.release, one.specs)] == ["SPEC338"]
    assert audited(one) is False

    one.is_required = False

    assert all_gaps(one.release, one.specs) == []
    assert audited(one) is False  # `--verify` demands one whatever the project does


@pytest.mark.parametrize("seed", [CI, RELEASER])
def test_what_a_trusted_key_signed_is_proven(seed: int) -> None:
    one = SignedRelease(is_required=True)
    one.sign(seed)

    assert all_gaps(one.release, one.specs) == []
    assert audited(one) is True


def test_there_are_enough_forgeries() -> None:
    assert len(FORGERIES) + len(UNSIGNED) >= 100


def test_a_key_that_signs_for_anybody_is_none_that_a_signer_takes() -> None:
    """The forgeries above use real keys: a key of another kind stops at the signer."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from mlgitops.model.errors import SpecError

    content = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(SpecError, match="not ed25519"):
        LocalSigner(content, "MLGITOPS_SIGNING_KEY").sign(b"x")


def audited(one: SignedRelease) -> bool:
    """Whether evidence and signature are proven; else one of them was found to be wrong."""
    (row,) = audit(one.specs, checks_for(one.specs, None, verify=True))
    found = {row.findings[name].standing for name in ("evidence", "signature")}
    assert row.is_refuted is (found != {Standing.PROVEN})
    return not row.is_refuted
