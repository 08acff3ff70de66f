"""Adapter of `ports.Tables`: files and databases in, Parquet out, through Arrow."""
