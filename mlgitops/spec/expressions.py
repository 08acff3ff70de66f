"""The expressions of the repository's own policies, and what a compiler found wrong there.

Nothing is compiled here: that is done where it can do no harm, and of a policy
pack whose expressions are tested it is not done at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from mlgitops.model.expressions import Compared, Compiled, Flaw, Reading, Steps
from mlgitops.model.policy import Policy
from mlgitops.model.source import Diagnostic, Span
from mlgitops.model.spec import Kind, Specs
from mlgitops.spec.comparisons import Known, mismatches
from mlgitops.spec.documents import Document
from mlgitops.spec.placement import FOLDERS
from mlgitops.spec.problems import MOST_PER_FILE, did_you_mean, nearest, shown
from mlgitops.spec.readings import PARAMETERS, SECTIONS, VARIABLES, resolved, unknown
from mlgitops.spec.shape import located
from mlgitops.spec.yaml_tree import Path, parse

_CONDITION_TYPES = ("BOOL", "DYN")
# Of these there are none in evidence, and the engine takes none.
_NO_VALUES = {"TIMESTAMP": "a time", "DURATION": "a duration", "TYPE": "a type"}
_IN_WORDS = re.compile(
    r"\b(?:and|or|not)\b|(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)", re.IGNORECASE
)
_LANGUAGE = "expressions are CEL: docs/policies.md shows some, https://cel.dev all of it"
_OPERATORS = "write `&&`, `||`, `!` and `==` for and, or, not and equal"
_DOUBLES = (
    "all numbers of evidence and parameters are doubles: in arithmetic write `2.0` for `2`; "
    "`size(…)` is a whole number, `double(size(…))` is none"
)

# The expressions in a rule's message, in order.
Fields = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Written:
    """One expression: the policy's *document* with its *text*, and where it stands there.

    *before* is how many characters of the value at *place* come first. A *condition*
    has to be true or false; a variable, and what fills in a message, may be anything.
    *readable* are the variables that are defined before it.
    """

    document: Document
    text: str
    place: Path
    before: int
    expression: str
    is_condition: bool
    readable: tuple[str, ...] = ()

    @property
    def is_variable(self) -> bool:
        """Whether it defines one."""
        return self.place[:2] == ("spec", VARIABLES)

    @property
    def is_pass(self) -> bool:
        """Whether a rule passes by it."""
        return self.is_condition and self.place[-1] == "pass"


def written(specs: Specs, files: Mapping[str, str], fields: Fields) -> Iterator[Written]:
    """Every expression of the policies in *files*, texts by path, which *specs* came from."""
    for name, policy in specs.policies.items():
        path = f"{FOLDERS[Kind.POLICY]}/{name}.yaml"
        if path in files:
            document = Document(parse(files[path], path), Kind.POLICY, policy)
            yield from of_policy(document, files[path], fields)


def faults(asked: Sequence[Written], compiled: Sequence[Compiled]) -> Iterator[Diagnostic]:
    """What is wrong with the expressions *asked*, which *compiled* is aligned with.

    Where the compiler got lost only the first expression of a file is named: of those
    behind it nothing is known.
    """
    found = zip(asked, compiled, strict=True)
    for _, of_file in groupby(found, key=lambda pair: pair[0].document.file):
        yield from islice(_faults_of_file(of_file), MOST_PER_FILE)


def of_policy(document: Document, text: str, fields: Fields) -> Iterator[Written]:
    """Every expression of one policy; *document* is that of *text*."""
    names: tuple[str, ...] = ()
    for name, expression in (document.at("spec", VARIABLES) or {}).items():
        place = ("spec", VARIABLES, name)
        yield Written(document, text, place, 0, expression, is_condition=False, readable=names)
        names += (name,)
    for one in _of_rules(document, text, fields):
        yield replace(one, readable=names)


def _of_rules(document: Document, text: str, fields: Fields) -> Iterator[Written]:
    """The condition of the policy, the conditions of its rules, and what fills in messages."""
    places: list[tuple[Path, str]] = []
    if document.at("spec", "when") is not None:
        places.append((("spec", "when"), document.at("spec", "when")))
    for path, rule in document.items("spec", "rules"):
        places += [((*path, key), rule[key]) for key in ("pass", "fail") if key in rule]
    for place, expression in places:
        yield Written(document, text, place, 0, expression, is_condition=True)
    for path, rule in document.items("spec", "rules"):
        end, message = 0, rule["message"]
        for expression in fields(message):
            begin = re.compile(r"\{\s*(?=" + re.escape(expression) + ")").search(message, end)
            end = begin.end() if begin else end
            place = (*path, "message")
            yield Written(document, text, place, end, expression, is_condition=False)


def warning(
    one: Written, code: str, message: str, hint: str, subject: tuple[int, str] | None = None
) -> Diagnostic:
    """What *one* is warned of: of *subject*, its place in the expression and text, or of all."""
    at, text = subject or (None, "")
    found = _diagnostic(one, code, message, hint, Flaw("syntax", "", at, text))
    return replace(found, level="warning")


def _faults_of_file(found: Iterable[tuple[Written, Compiled]]) -> Iterator[Diagnostic]:
    variables: dict[str, Steps | None] = {}
    for one, compiled in found:
        for flaw in compiled.flaws:
            yield _fault(one, flaw)
            if flaw.kind == "lost":
                return
        if not compiled.flaws:
            yield from _unknown_parameters(one, compiled.reads)
            yield from _unknown_variables(one, compiled.reads)
            yield from _unknown_fields(one, compiled.reads, variables)
            yield from _mismatched(one, compiled.compared, variables)
            yield from _no_condition(one, compiled.type)
            yield from _no_variable(one, compiled.type)
        if one.is_variable:
            variables[str(one.place[-1])] = compiled.path and resolved(compiled.path, variables)


def _fault(one: Written, flaw: Flaw) -> Diagnostic:
    match flaw.kind:
        case "syntax":
            hint = _OPERATORS if _IN_WORDS.search(one.expression) else _LANGUAGE
            return _diagnostic(one, "SPEC332", f"this is not CEL: {flaw.message}", hint, flaw)
        case "name":
            return _unknown_name(one, flaw)
        case "type":
            is_mixed = "double" in flaw.message and "int" in flaw.message
            hint = _DOUBLES if is_mixed else _LANGUAGE
            return _diagnostic(one, "SPEC335", flaw.message, hint, flaw)
        case "limit":
            return _diagnostic(one, "SPEC336", flaw.message, None, flaw)
        case "lost":
            message = f"this could not be compiled: {flaw.message}"
            hint = "make it shorter and nest it less, for instance as two rules"
            return _diagnostic(one, "SPEC336", message, hint, flaw)


def _unknown_name(one: Written, flaw: Flaw) -> Diagnostic:
    first = flaw.subject.partition(".")[0]
    behind = one.expression[(flaw.at or 0) + len(flaw.subject) :].lstrip()
    if behind.startswith("(") and first == flaw.subject:
        message = f"there is no function {shown(flaw.subject)}"
        return _diagnostic(one, "SPEC333", message, _LANGUAGE, flaw)
    message = f"nothing is called {shown(first)}"
    hint = did_you_mean(first, [*SECTIONS, PARAMETERS, VARIABLES])
    if first in _parameters(one):
        hint = f"parameters are read as `{PARAMETERS}.{first}`"
    elif first in one.readable:
        hint = f"variables are read as `{VARIABLES}.{first}`"
    return _diagnostic(one, "SPEC333", message, hint, Flaw("name", "", flaw.at, first))


def _parameters(one: Written) -> list[str]:
    policy = one.document.spec
    return [p.name for p in policy.parameters] if isinstance(policy, Policy) else []


def _unknown_parameters(one: Written, reads: Sequence[Reading]) -> Iterator[Diagnostic]:
    declared = _parameters(one)
    for name, flaw in _read_of(PARAMETERS, reads):
        if name not in declared:
            message = f"the policy declares no parameter {shown(name)}"
            near = nearest(name, declared)
            hint = f"declare it: `{PARAMETERS}: {{{name}: {{type: number}}}}`"
            hint = f'did you mean "{near}"?' if near else hint
            yield _diagnostic(one, "SPEC334", message, hint, flaw)


def _unknown_variables(one: Written, reads: Sequence[Reading]) -> Iterator[Diagnostic]:
    for name, flaw in _read_of(VARIABLES, reads):
        if name not in one.readable:
            message = f"the policy defines no variable {shown(name)}"
            near = nearest(name, one.readable)
            hint = f"define it: `{VARIABLES}: {{{name}: …}}`"
            if name in (one.document.at("spec", VARIABLES) or {}):
                message = f"the variable {shown(name)} is not defined before this one"
                hint = "a variable reads only those above it"
            elif near:
                hint = f'did you mean "{near}"?'
            yield _diagnostic(one, "SPEC334", message, hint, flaw)


def _read_of(holder: str, reads: Sequence[Reading]) -> Iterator[tuple[str, Flaw]]:
    """The names that *reads* look up in *holder*, each once, and where."""
    found: dict[str, Flaw] = {}
    for read in reads:
        if len(read.path) == 2 and read.path[0] == holder:
            found.setdefault(read.path[1], _named(read))
    yield from found.items()


def _named(read: Reading) -> Flaw:
    return Flaw("name", "", read.at, read.path[-1])


def _unknown_fields(
    one: Written, reads: Sequence[Reading], variables: Mapping[str, Steps | None]
) -> Iterator[Diagnostic]:
    for read, message, hint in unknown(reads, variables):
        yield _diagnostic(one, "SPEC353", message, hint, _named(read))


def _mismatched(
    one: Written, compared: tuple[Compared, ...], variables: Mapping[str, Steps | None]
) -> Iterator[Diagnostic]:
    policy = one.document.spec
    declared = policy.parameters if isinstance(policy, Policy) else ()
    known = Known({parameter.name: parameter for parameter in declared}, variables)
    for found in mismatches(compared, known):
        flaw = Flaw("type", "", found.at, found.name)
        yield _diagnostic(one, "SPEC335", found.message, found.hint, flaw)


def _no_variable(one: Written, name: str) -> Iterator[Diagnostic]:
    kind = name.partition("<")[0]
    if one.is_variable and kind in _NO_VALUES:
        message = f"this comes to {_NO_VALUES[kind]}, which no variable can hold"
        hint = "make a variable of the comparison: that is true or false"
        yield _diagnostic(one, "SPEC335", message, hint, Flaw("type", ""))


def _no_condition(one: Written, name: str) -> Iterator[Diagnostic]:
    if one.is_condition and name not in _CONDITION_TYPES:
        message = f"this comes to {_in_words(name)}, which is neither true nor false"
        hint = f"compare it with something, for instance `… >= {PARAMETERS}.min`"
        yield _diagnostic(one, "SPEC335", message, hint, Flaw("type", ""))


def _in_words(name: str) -> str:
    known = {"STRING": "text", "NULL": "null", "BYTES": "bytes"}
    known |= dict.fromkeys(("INT", "UINT", "DOUBLE"), "a number")
    return known.get(name, f"a {name.partition('<')[0].lower()}")


def _diagnostic(one: Written, code: str, message: str, hint: str | None, flaw: Flaw) -> Diagnostic:
    return Diagnostic(code, f"{located(one.place)}: {message}", _span(one, flaw), hint)


def _span(one: Written, flaw: Flaw) -> Span:
    """The place of *flaw*, or all of the value where that cannot be told."""
    whole = one.document.tree.spans[one.place]
    at = 0 if flaw.at is None else flaw.at
    if flaw.at is None and one.is_condition:
        return whole
    start = _position(one.text, whole, one.document.at(*one.place), one.before + at)
    if start is None:
        return whole
    length = len(one.expression) if flaw.at is None else max(1, len(flaw.subject))
    line = one.text.count("\n", 0, start) + 1
    column = start - one.text.rfind("\n", 0, start)
    return Span(whole.file, line, column, start, start + length)


def _position(text: str, span: Span, value: str, at: int) -> int | None:
    """Where in *text* the character *at* of *value*, which *span* writes, stands.

    YAML folds and indents, so what is no white space is counted. None where it is
    written otherwise still, as an escape is.
    """
    source = text[span.start : span.end]
    begin, end = 0, len(source)
    if source[:1] in ("|", ">"):
        begin = source.find("\n") + 1
    elif source[:1] in ("'", '"'):
        begin, end = 1, end - 1
    solid = [index for index in range(begin, end) if not source[index].isspace()]
    if [source[index] for index in solid] != [sign for sign in value if not sign.isspace()]:
        return None
    count = sum(not sign.isspace() for sign in value[:at])
    behind = solid[-1] + 1 if solid else begin
    return span.start + (solid[count] if count < len(solid) else behind)
