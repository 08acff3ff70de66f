"""30 policies over evidence with 50 slices: `cold N`, `warm N` or `variables N`.

Prints seconds as JSON. Cold is what the gate does: a new child process answers, and the
answers are judged. Warm is the child's own work, compiling and evaluating, in a process that
did it before; so is the last, of policies with `pass`, `fail` and message over variables.
"""

import json
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from mlgitops.adapters.cel_engine import program
from mlgitops.adapters.cel_engine.engine import CelEngine, request_document
from mlgitops.model.policy import Policy, Rule, Variable
from mlgitops.model.verdict import context
from mlgitops.policies.binding import BoundPolicy
from mlgitops.policies.engine import Case, judge, questions

POLICIES, SLICES = 30, 50
RULE = "slices.all(s, !('roc_auc' in s.metrics) || s.metrics['roc_auc'].low >= params.min)"

evidence = json.loads((Path(__file__).parents[2] / "policies/tests/evidence.json").read_text())
evidence["slices"] = [
    {**evidence["slices"][0], "name": f"group={number}"} for number in range(SLICES)
]
rule = Rule("every-slice", RULE, None, "each slice is above {params.min:.3f}", "train again")
bound = [
    BoundPolicy(Policy(f"slices-{number}", "", (), None, (rule,)), {"min": number / 1000}, "soft")
    for number in range(POLICIES)
]
NAMED = (
    Variable("judged", "slices.filter(s, s.judged)"),
    Variable("lows", "variables.judged.map(s, s.metrics['roc_auc'].low)"),
)
naming = Rule(
    "every-slice",
    "size(variables.judged) > 0 && variables.lows.all(low, low >= params.min)",
    "variables.judged.exists(s, s.metrics['roc_auc'].high < params.min)",
    "above {params.min:.3f}: {variables.judged.map(s, s.name)}",
    "train again",
)
shared = [
    BoundPolicy(Policy("shared", "", (), None, (naming,), NAMED), one.parameters, "soft")
    for one in bound
]
asked = questions(bound)
known = context(datetime(2026, 1, 1, tzinfo=UTC), "gate", evidence["environment"])


def cold() -> None:
    engine = CelEngine()
    answers = engine.evaluate({**evidence, "context": known}, asked)
    assert not any(answer.kind == "error" for answer in answers), answers
    judge(bound, answers, Case(evidence, "", known, (), engine.version))


def warm(request: dict[str, Any]) -> None:
    from cel_expr_python import cel

    answers = list(program.Evaluation(cel).answers(request))
    assert not any("error" in answer for answer in answers), answers


plain, named = (
    json.loads(json.dumps(request_document(evidence, questions(policies))), parse_int=float)
    for policies in (bound, shared)
)
work = {"cold": cold, "warm": partial(warm, plain), "variables": partial(warm, named)}[sys.argv[1]]
work()
taken = []
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    work()
    taken.append(time.perf_counter() - started)
print(json.dumps(taken))
