"""Which metrics of the whole holdout a policy asks about, as its expressions tell.

A gate on slices, on the champion alone or on training rows also names a metric,
but what it asks must not be shown beside the metric of the whole holdout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlgitops.model.policy import Policy
from mlgitops.policies.variables import paths, reached, resolved

# The sections with one entry for each metric, judged on all rows. Whatever else
# has a member of that name is reached by a dot: `s.metrics[…]` of a slice.
_SECTION = r"(?<![\w.])(?:metrics|comparison|baseline\.comparison)"
_READ = re.compile(
    _SECTION + r"\s*(?:\[\s*(?:params\.(?P<parameter>\w+)|(?P<quote>[\"'])(?P<name>\w+)(?P=quote))"
    r"\s*\]|\.(?P<field>\w+)\b(?!\s*\())"
)


def metrics_asked(policy: Policy, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The metrics that *policy* reads on all rows to judge, by name; messages do not count."""
    return tuple(sorted(set(_read(policy, parameters))))


def _read(policy: Policy, parameters: Mapping[str, Any]) -> Iterator[str]:
    known = paths(policy.variables)
    conditions = [one for rule in policy.rules for one in (rule.passes, rule.fails or "")]
    conditions += [one.expression for one in reached(conditions, policy.variables)]
    for condition in conditions:
        for found in _READ.finditer(resolved(condition, known)):
            name = found["name"] or found["field"] or parameters.get(found["parameter"])
            if isinstance(name, str):
                yield name
