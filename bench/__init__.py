"""Measurements: `python -m bench NAME [--json] [--quick]`; a module here that defines `measure` is one of them."""
