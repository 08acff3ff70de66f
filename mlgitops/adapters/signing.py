"""Signs and verifies DSSE envelopes with ed25519 keys, through securesystemslib.

The library decides whether a signature is right. What it is lenient about is
decided before: an envelope has one signature, no other keys, and is read only in
the one form that we write, canonical JSON with standard base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlgitops.model.attestation import (
    LARGEST_ENVELOPE_BYTES,
    PAYLOAD_TYPE,
    PublicKey,
    Signed,
    Unverified,
)
from mlgitops.model.digest import canonical_json
from mlgitops.model.errors import MissingExtra, SpecError

if TYPE_CHECKING:
    from types import ModuleType

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SIGNATURE_BYTES = 64


class LocalSigner:
    """Signs with the private key in *content*, PKCS #8 in PEM; *source* says where it is from."""

    def __init__(self, content: bytes, source: str) -> None:
        self._content = content
        self._source = source

    @cached_property
    def key(self) -> PublicKey:
        return PublicKey("", self._private.public_key().public_bytes_raw())

    def sign(self, payload: bytes) -> bytes:
        dsse, signer = _library()
        envelope = dsse.Envelope(payload, PAYLOAD_TYPE, {})
        envelope.sign(signer.CryptoSigner(self._private, _library_key(self.key, signer)))
        return canonical_json(envelope.to_dict())

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        _library()
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        hint = "`mlgitops keys new NAME` makes one"
        try:
            key = load_pem_private_key(self._content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # Never with the library's words: they may quote what it was given.
            message = f"{self._source} holds no private key that can be read without a password"
            raise SpecError(message, hint=hint) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SpecError(f"{self._source} holds a key that is not ed25519", hint=hint)
        return key


class LocalVerifier:
    """Verifies by keys that are at hand; asks nobody."""

    def verify(self, envelope: bytes, keys: Sequence[PublicKey]) -> Signed:
        payload, key_id, signature = _opened(envelope)
        own = [key for key in keys if key.id == key_id]
        if len(own) != 1:
            raise Unverified(f"no trusted key has the id {key_id[:12]!r}, which it names")
        dsse, signer = _library()
        from securesystemslib.exceptions import VerificationError

        signatures = {key_id: signer.Signature(key_id, signature.hex())}
        try:
            accepted = dsse.Envelope(payload, PAYLOAD_TYPE, signatures).verify(
                [_library_key(own[0], signer)], 1
            )
        except VerificationError as error:
            raise Unverified(f"the signature is not one of {own[0].shown}") from error
        if set(accepted) != {key_id}:
            raise Unverified(f"the signature is not one of {own[0].shown}")
        return Signed(payload, own[0])


class LocalKeyMaker:
    """Makes ed25519 keys from the machine's randomness."""

    def generate(self) -> tuple[bytes, PublicKey]:
        _library()
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        content = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return content, PublicKey("", private.public_key().public_bytes_raw())


def _opened(content: bytes) -> tuple[bytes, str, bytes]:
    """Payload, key id and signature of an envelope that is written as we write it."""
    if len(content) > LARGEST_ENVELOPE_BYTES:
        raise Unverified(f"it has more than {LARGEST_ENVELOPE_BYTES:,} bytes")
    try:
        payload, key_id, signature = _parts(json.loads(content.decode()))
        payload_bytes = base64.b64decode(payload, validate=True)
        signature_bytes = base64.b64decode(signature, validate=True)
        written = _written(payload_bytes, key_id, signature_bytes)
    except (ValueError, RecursionError) as error:
        raise Unverified("it is not an envelope with one signature of a statement") from error
    if written != content or len(signature_bytes) != _SIGNATURE_BYTES:
        raise Unverified("it is not written as an envelope of ours: somebody edited it")
    return payload_bytes, key_id, signature_bytes


def _parts(document: Any) -> tuple[str, str, str]:
    match document:
        case {
            "payload": str(payload),
            "payloadType": str(kind),
            "signatures": [{"keyid": str(key_id), "sig": str(signature)}],
        } if kind == PAYLOAD_TYPE:
            return payload, key_id, signature
        case _:
            raise ValueError("another shape")


def _written(payload: bytes, key_id: str, signature: bytes) -> bytes:
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical_json(document)


def _library() -> tuple[ModuleType, ModuleType]:
    """`securesystemslib.dsse` and `.signer`, with the package that computes for them."""
    # Here, not at the top: they import 165 modules.
    try:
        import cryptography  # noqa: F401 - the library does without it until it has to compute
        from securesystemslib import dsse, signer
    except ModuleNotFoundError as error:
        raise MissingExtra("securesystemslib[crypto]", extra="sign") from error
    return dsse, signer


def _library_key(key: PublicKey, signer: ModuleType) -> Any:
    return signer.SSlibKey(key.id, "ed25519", "ed25519", {"public": key.raw.hex()})
