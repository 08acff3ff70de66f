"""CEL, evaluated in a child process that may die without harm."""
