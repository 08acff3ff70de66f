from __future__ import annotations

import copy
from typing import Any

from mlgitops.reports.model_facts import card, model_facts


def test_a_sound_model_is_told_in_plain_lines(cases: Any, told: Any):
    assert told(model_facts(cases["retrained"][0])) == [
        "Size: 1.4 MiB in 2 files: <text>, <pickle>.",
        (
            "Loading it imports: <sklearn.ensemble._hist_gradient_boosting.gradient_boosting."
            "HistGradientBoostingClassifier>."
        ),
        "Dependencies: 1, each with a licence.",
        "Signature against the champion: The same inputs and outputs.",
        "Latency: 4.10 ms for one row, 95% within 6.30 ms, over 200 calls.",
        (
            "Cost of making it: 11.9 s: <extract> (1.9 s), <validate> (2.2 s), <split> (0.3 s), "
            "<features> (1.1 s), <train> (6.4 s)."
        ),
        "- Reports of other tools: Not asked for: <evaluate.reports> asks for it.",
    ]


def test_troubles_stand_out(cases: Any, told: Any):
    assert [line for line in told(model_facts(cases["leaking"][0])) if line.startswith("!")] == [
        "! Not readable: <model/extra.bin>: perhaps pickles, and they could not be read as such.",
        "! Dependencies: 2; without a licence: <flightlib>.",
        "! Signature against the champion: Callers must also send <dep_delay>.",
        "! Signature against the champion: Of another type now: <distance: int64 → double>.",
        "! Signature against the champion: No longer used: <visib>.",
        "! Signature against the champion: What callers get back has changed.",
    ]


def test_what_is_missing_says_why(cases: Any, told: Any):
    found = model_facts(cases["regression"][0])

    assert told(found) == [
        "Size: 1.4 MiB in 0 files; no format was recognised.",
        "Loading it imports: Nothing that a pickle names.",
        "- Dependencies: None is recorded with the model.",
        (
            "- Signature against the champion: No champion is released, so there is nothing to compare "
            "with."
        ),
        "- Latency: Not asked for: <evaluate.latencyCalls> asks for it.",
        "- Cost of making it: No time was recorded.",
        "- Reports of other tools: Not asked for: <evaluate.reports> asks for it.",
    ]
    assert found.grids == ()


def test_a_signature_beside_a_champion_may_lack(cases: Any, told: Any):
    evidence = copy.deepcopy(cases["retrained"][0])
    del evidence["compatibility"]

    assert "- Signature against the champion: Not computed." in told(model_facts(evidence))


def test_files_and_packages_are_listed(cases: Any, cells: Any):
    files, packages, reports = model_facts(cases["leaking"][0]).grids

    assert cells(files) == [["<model/model.pkl>", "1.4 MiB"]]
    assert cells(packages) == [
        ["<scikit-learn>", "<1.9.1>", "<BSD-3-Clause>"],
        ["<flightlib>", "not pinned", "not named"],
    ]
    assert reports.noun == "report of another tool"


def test_the_card_is_told_or_asked_for(cases: Any, told: Any):
    assert told(card(cases["retrained"][0])) == [
        "Description: Will this flight arrive more than 15 minutes late?",
        "Intended use: Warns travellers on the morning of the flight.",
        "Limitations: Departures from New York's three airports only.",
        "Licence: Apache-2.0",
        "Owners: <@acme/flights>",
    ]
    assert told(card(cases["regression"][0])) == [
        "- Description: Not stated: <metadata.description>.",
        "- Intended use: Not stated: <card.intendedUse>.",
        "- Limitations: Not stated: <card.limitations>.",
        "- Licence: Not stated: <card.licence>.",
        "- Owners: Not stated: <metadata.owners>.",
    ]
