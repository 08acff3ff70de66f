"""Write the tables in `actions/*/README.md`: `python docs/make_action_tables.py`.

Inputs and outputs are taken from `action.yml`; the rest of a README is written by hand.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ACTIONS = Path(__file__).parents[1] / "actions"
_BEGIN, _END = "<!-- made by docs/make_action_tables.py -->", "<!-- end -->"
_MADE = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)


def main() -> None:
    """Bring every README up to date."""
    for file in sorted(ACTIONS.glob("*/action.yml")):
        readme = file.with_name("README.md")
        readme.write_text(with_tables(readme.read_text(), yaml.safe_load(file.read_text())))


def with_tables(readme: str, action: Mapping[str, Any]) -> str:
    """*readme* with the tables of *action* between the two comments.

    Raises:
        ValueError: it does not have the two comments exactly once.
    """
    if len(_MADE.findall(readme)) != 1:
        raise ValueError(f"a README needs {_BEGIN} and {_END} once")
    before, after = _MADE.split(readme)
    return f"{before}{_BEGIN}\n{tables(action)}{_END}{after}"


def tables(action: Mapping[str, Any]) -> str:
    """The inputs and the outputs, as far as there are any."""
    inputs = [
        (f"`{name}`", _default(given), _cell(given["description"]))
        for name, given in action.get("inputs", {}).items()
    ]
    outputs = [
        (f"`{name}`", _cell(given["description"]))
        for name, given in action.get("outputs", {}).items()
    ]
    made = [_table(("input", "default", "meaning"), inputs)] if inputs else ["No inputs.\n"]
    made += [_table(("output", "meaning"), outputs)] if outputs else ["No outputs.\n"]
    return "\n".join(made)


def _default(given: Mapping[str, Any]) -> str:
    if given["required"]:
        return "required"
    return f"`{given['default']}`" if given["default"] else "empty"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
