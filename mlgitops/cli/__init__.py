"""The command line: verbs, wiring, the one door for errors."""
