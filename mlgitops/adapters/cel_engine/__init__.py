"""CEL, evaluated in a child process that may die without harm."""

# Of what is said about one expression, in characters.
LONGEST_REASON = 300
