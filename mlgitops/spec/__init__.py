"""YAML text to checked values with exact places."""
