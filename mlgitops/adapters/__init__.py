"""The only modules that name the packages and programs around us."""
