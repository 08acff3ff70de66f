from __future__ import annotations

import io

import pytest

from mlgitops.usecases.model_files import source
from mlgitops.usecases.model_files.source import Budget, Source, TooLarge, Unreadable


def test_reads_are_whole_or_refused() -> None:
    read = Source(io.BytesIO(b"one\ntwo"), 7)

    assert (read.readline(), read.read(1), read.place) == (b"one\n", b"t", 5)
    read.skip(1)
    with pytest.raises(Unreadable):
        read.read(2)
    assert read.read(1) == b"o"
    assert read.is_at_end


@pytest.mark.parametrize("count", [2**63, -1, 5])
def test_no_claimed_length_is_believed(count: int) -> None:
    read = Source(io.BytesIO(b"abcd"), 4)
    for action in (read.read, read.skip):
        with pytest.raises(Unreadable):
            action(count)


def test_a_line_has_an_end() -> None:
    with pytest.raises(Unreadable):
        Source(io.BytesIO(b"abcd"), 4).readline()


def test_what_is_too_large_is_told_from_what_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_LONGEST_VALUE", 3)
    with pytest.raises(TooLarge):
        Source(io.BytesIO(b"abcdef\n"), 7).readline()
    with pytest.raises(TooLarge):
        Source(io.BytesIO(b"abcdef\n"), 7).read(5)
    monkeypatch.setattr(source, "MOST_BYTES", 4)
    with pytest.raises(TooLarge):
        Source(io.BytesIO(b"abcdef\n"), 7).skip(5)


def test_a_budget_is_spent_once() -> None:
    budget = Budget(unpacked=10, copied=20, opcodes=1)
    budget.unpack(10, is_packed=True)
    budget.unpack(10, is_packed=False)
    budget.step()

    with pytest.raises(TooLarge):
        budget.step()
    with pytest.raises(TooLarge):
        budget.unpack(1, is_packed=False)
