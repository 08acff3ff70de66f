"""What the evidence says beside the metrics: one module for each group of sections."""
