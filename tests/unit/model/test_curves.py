from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from mlgitops.model.curves import Curves, ModelCurves

SHARES = st.floats(0, 1)
POINTS = st.none() | st.lists(st.tuples(SHARES, SHARES), max_size=4).map(tuple)
MODELS = st.none() | st.builds(ModelCurves, POINTS, POINTS, POINTS)


@given(st.builds(Curves, MODELS, MODELS))
def test_curves_survive_json(curves: Curves):
    assert Curves.parse(json.loads(json.dumps(asdict(curves)))) == curves
