"""Rules over evidence; a verdict comes out."""
