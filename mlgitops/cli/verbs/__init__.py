"""One module a verb: `configure` its arguments, `execute` it."""
