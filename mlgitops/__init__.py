"""Git as the control plane of a team's models."""
