"""Numbers only: metrics with intervals, comparisons, slices, leakage."""
