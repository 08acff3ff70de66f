"""Signs evidence: an in-toto Statement about its Release, in an envelope beside it."""

from __future__ import annotations

from mlgitops.model.attestation import PublicKey, encode, envelope_path, statement
from mlgitops.model.digest import digest_of_bytes
from mlgitops.model.errors import SpecError
from mlgitops.model.spec import Specs
from mlgitops.ports import Signer
from mlgitops.spec import evidence as evidence_file
from mlgitops.spec.keys import KEY_FOLDER, trusted

KEY_VARIABLE = "MLGITOPS_SIGNING_KEY"
KEY_FILE_VARIABLE = "MLGITOPS_SIGNING_KEY_FILE"


def key_for(specs: Specs, signer: Signer | None) -> PublicKey | None:
    """The key of the tree of *specs* that *signer* signs with; None where nobody signs.

    Raises:
        SpecError: nobody would sign where the project demands it, or the signature
            would not count, so that what is signed could not be released.
    """
    if signer is None:
        if specs.project.signing.is_required:
            raise SpecError(
                "this project releases signed evidence only, and there is no key to sign with",
                hint=f"set {KEY_FILE_VARIABLE} to the file that `mlgitops keys new` wrote, "
                f"or {KEY_VARIABLE} to its content",
            )
        return None
    key = trusted(specs, signer.key.id)
    if key is None:
        raise SpecError(
            f"the key at hand, {signer.key.shown}, is none of those that {specs.project.branch} "
            "trusts, so what it signs could not be released",
            hint=f"commit its public key below {KEY_FOLDER} to {specs.project.branch} first; "
            "`mlgitops keys list` shows who is trusted",
        )
    return key


def signed(content: bytes, specs: Specs, signer: Signer | None) -> dict[str, str]:
    """The envelope for evidence with *content* by its path, verified once it is made.

    Empty where nobody signs.

    Raises:
        Unverified: what the signer made does not count in the tree of *specs*.
        SpecError: *content* is no evidence.
    """
    if signer is None:
        return {}
    document = evidence_file.decode(content)
    subject, digest = document["subject"], digest_of_bytes(content)
    path = evidence_file.path(digest, subject["candidate"], subject["model"])
    said = statement(specs.project.name, document, digest, path)
    envelope = signer.sign(encode(said))
    specs.trust.signer(envelope, said)
    return {envelope_path(path): envelope.decode()}
