"""Engines that hold the facts, one module each (DuckDB with the two modules that are its parts)."""
