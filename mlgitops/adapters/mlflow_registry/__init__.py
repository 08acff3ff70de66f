"""The model registry on MLflow 3: a database, or a tracking server."""
