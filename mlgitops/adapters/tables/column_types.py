"""Types of columns: what comes out of a source, what two types have in common.

A table has few types, whatever it was read from: `null`, bool, integers, floats,
string, binary, date32, times to the microsecond, durations. Times with a zone
are in UTC; a missing number is null, never NaN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mlgitops.model.errors import SpecError

if TYPE_CHECKING:
    import pyarrow as pa


def normalised(table: pa.Table, where: str) -> pa.Table:
    """Give *table*, read from *where*, the types of the module's head.

    Raises:
        SpecError: a column without a name, two of one name, or one of lists,
            structs or another type that is not a single value.
    """
    import pyarrow as pa

    names = _names(table, where)
    # A new table, so that metadata of whoever wrote the file does not reach ours.
    return pa.table(
        [_normalised_column(table.column(i), name, where) for i, name in enumerate(names)],
        names=names,
    )


def typed_as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """*table* with the types of *schema*, for each column whose values fit them."""
    import pyarrow as pa

    for place, name in enumerate(table.column_names):
        if name in schema.names:
            with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
                column = table.column(place).cast(schema.field(name).type)
                table = table.set_column(place, name, column)
    return table


def promote(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    """The type that holds the values of both, or None when they clash.

    Casting to it can still fail for single values: large integers to float64.
    """
    import pyarrow as pa
    from pyarrow import types

    if left == right or types.is_null(right):
        return left
    if types.is_null(left):
        return right
    if {left, right} == {pa.date32(), pa.timestamp("us")}:
        return pa.timestamp("us")
    if {left, right} == {pa.date32(), pa.timestamp("us", "UTC")}:
        return pa.timestamp("us", "UTC")
    if not (_is_number(left) and _is_number(right)):
        return None
    if types.is_floating(left) or types.is_floating(right):
        return pa.float64()
    if types.is_unsigned_integer(left) and types.is_unsigned_integer(right):
        return pa.uint64()
    return pa.int64()


def utc_times(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """*column* as `timestamp[us, tz=UTC]`, or None when it does not hold times.

    Times without a zone are taken for UTC. Text is parsed as ISO 8601, either all
    with a zone or all without.
    """
    import pyarrow as pa
    from pyarrow import types

    target = pa.timestamp("us", "UTC")
    if types.is_timestamp(column.type):
        return column.cast(target)
    if types.is_date(column.type):
        return column.cast(pa.timestamp("us")).cast(target)
    if not types.is_string(column.type):
        return None
    for parsed in (target, pa.timestamp("us")):
        try:
            return column.cast(parsed).cast(target)
        except pa.ArrowInvalid:
            continue
    return None


def require_columns(
    present: Sequence[str], wanted: Mapping[str, Sequence[str]], owner: str
) -> None:
    """Check that *present* has the columns of *wanted*, which maps a role to names.

    Raises:
        SpecError: some are missing; all are named, with near misses as the hint.
    """
    missing = [(role, n) for role, names in wanted.items() for n in names if n not in present]
    if not missing:
        return
    listed = ", ".join(f"{name!r} ({role})" for role, name in missing)
    near = {m: None for _, name in missing for m in get_close_matches(name, present, n=2)}
    raise SpecError(
        f"{owner} has no column {listed}",
        hint=f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"its columns are: {', '.join(present)}",
    )


def _names(table: pa.Table, where: str) -> list[str]:
    try:
        names = list(table.column_names)
    except UnicodeDecodeError as error:
        raise not_utf8(where) from error
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise SpecError(
                f"{where}: column {position} has no name",
                hint="name it in the header, or leave it out",
            )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise SpecError(
            f"{where}: more than one column is named {repeated[0]!r}",
            hint="rename or leave out one of them",
        )
    return names


def not_utf8(where: str, first: str = "") -> SpecError:
    """The error for text in another encoding; *where* names file or column, *first* the place."""
    return SpecError(
        f"{where}: not UTF-8 text{f', first at {first}' if first else ''}",
        hint="convert the file, for example with `iconv -f latin1 -t utf-8`",
    )


def _normalised_column(column: pa.ChunkedArray, name: str, where: str) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    target = _target(column.type)
    if target is None:
        raise SpecError(
            f"{where}: column {name!r} is of type {column.type}",
            hint="a table has one plain value in a cell; take it apart or leave it out",
        )
    if target != column.type:
        # Fractions of a microsecond are cut off; whatever else would be lost is an error.
        options = pc.CastOptions(target, allow_time_truncate=True, allow_decimal_truncate=True)
        try:
            column = column.cast(options=options)
        except pa.ArrowInvalid as error:
            raise SpecError(
                f"{where}: column {name!r} has {column.type} values beyond the range of {target}"
            ) from error
    if pa.types.is_floating(target) and pc.any(pc.is_nan(column)).as_py():
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, target), column)
    return column


def _target(kind: pa.DataType) -> pa.DataType | None:
    """The type of ours that stands for *kind*; None when there is none."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(kind):
        return _target(kind.value_type)
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    plain = (types.is_null, types.is_boolean, types.is_integer, types.is_string, types.is_date32)
    if any(is_kind(kind) for is_kind in plain) or kind in (pa.binary(), pa.float32(), pa.float64()):
        return kind
    table = (
        (types.is_float16, pa.float32()),
        (types.is_decimal, pa.float64()),
        (types.is_large_string, pa.string()),
        (types.is_string_view, pa.string()),
        (types.is_large_binary, pa.binary()),
        (types.is_fixed_size_binary, pa.binary()),
        (types.is_binary_view, pa.binary()),
        (types.is_date64, pa.date32()),
        (types.is_time, pa.time64("us")),
        (types.is_duration, pa.duration("us")),
    )
    return next((target for is_kind, target in table if is_kind(kind)), None)


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))
