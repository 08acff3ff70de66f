from __future__ import annotations

import json
import math
import random

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.digest import (
    FileEntry,
    Manifest,
    canonical_json,
    digest,
    digest_of_bytes,
    short,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**53), 2**53) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e299, max_value=1e299
)
scalars = st.none() | st.booleans() | texts | numbers
documents = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30
)
entries = st.builds(
    FileEntry, path=texts, size=st.integers(0, 2**40), sha256=st.text("0123456789abcdef")
)


@given(documents)
def test_canonical_json_is_that_of_rfc_8785(document):
    # The oracle counts 2**53 itself as too large, the RFC does not.
    if not _has_limit(document):
        assert canonical_json(document) == rfc8785.dumps(document)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e299, max_value=1e299))
def test_numbers_are_written_as_ecmascript_does(number):
    assert canonical_json(number) == rfc8785.dumps(number)
    assert float(canonical_json(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        (1e-6, b"0.000001"),
        (1e-7, b"1e-7"),
        (123456.789, b"123456.789"),
        (5e-324, b"5e-324"),
        (-1.5e-9, b"-1.5e-9"),
        (2**53, b"9007199254740992"),
        (True, b"true"),
    ],
)
def test_examples_of_numbers(number, text):
    assert canonical_json(number) == text


@given(documents)
def test_a_document_reads_back_as_it_was(document):
    # As ECMAScript reads: every number is a double.
    assert json.loads(canonical_json(document), parse_int=float) == document


@given(st.dictionaries(texts, scalars), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(document, chance):
    keys = list(document)
    chance.shuffle(keys)

    assert digest({key: document[key] for key in keys}) == digest(document)


@given(documents, documents)
def test_unequal_documents_have_unequal_digests(one, other):
    is_same = canonical_json(one) == canonical_json(other)

    assert (digest(one) == digest(other)) == is_same


def test_keys_are_sorted_by_utf_16_units():
    assert list(json.loads(canonical_json({"\ufb33": 1, "\U0001f600": 2, "a": 3}))) == [
        "a",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    "document",
    [
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        -1e300,
        1.797e308,
        2**53 + 1,
        -(2**53) - 1,
        "\ud800",
        {"\ud800": 1},
        {1: "one"},
        {None: 1},
        b"bytes",
        bytearray(b"bytes"),
        {1, 2},
        pytest.param(object(), id="object"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: [d], lambda d: {"a": {"b": [1, d]}}])
def test_what_readers_would_differ_on_is_refused(document, wrap):
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(wrap(document))


def test_a_tuple_is_a_list():
    assert canonical_json((1, (2,))) == canonical_json([1, [2]])


def test_a_digest_names_bytes():
    expected = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    assert digest_of_bytes(b"hello") == expected
    assert short(expected) == "2cf24dba5fb0"
    assert short("2cf24dba5fb0a30e") == "2cf24dba5fb0"


@given(st.lists(entries, unique_by=lambda entry: entry.path), st.integers())
def test_a_manifest_does_not_depend_on_the_order_of_files(files, seed):
    shuffled = random.Random(seed).sample(files, len(files))  # noqa: S311 - an order, not a secret

    assert Manifest(tuple(shuffled)).digest == Manifest(tuple(files)).digest


@given(st.lists(entries, unique_by=lambda entry: entry.path, min_size=1), st.data())
def test_a_manifest_names_every_path_size_and_content(files, data):
    whole = Manifest(tuple(files))
    index = data.draw(st.integers(0, len(files) - 1))
    one = files[index]
    changed = data.draw(
        st.sampled_from(
            [
                FileEntry(one.path + "x", one.size, one.sha256),
                FileEntry(one.path, one.size + 1, one.sha256),
                FileEntry(one.path, one.size, one.sha256 + "0"),
            ]
        )
    )

    others = files[:index] + files[index + 1 :]
    assert Manifest((*others, changed)).digest != whole.digest
    assert Manifest(tuple(others)).digest != whole.digest


def test_a_manifest_knows_its_size():
    assert Manifest((FileEntry("a", 2, ""), FileEntry("b", 40, ""))).size_bytes == 42
    assert Manifest(()).size_bytes == 0


def _has_limit(document):
    if isinstance(document, dict):
        return any(_has_limit(value) for value in document.values())
    if isinstance(document, list):
        return any(_has_limit(value) for value in document)
    return type(document) is int and abs(document) == 2**53
