"""Otter, the front door to a Dgraph cluster."""

__version__ = "0.1.0"
