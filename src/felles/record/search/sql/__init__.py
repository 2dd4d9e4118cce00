"""Queries as SQL of both engines. Values are arguments; only our own numbers and names stand in the text."""
