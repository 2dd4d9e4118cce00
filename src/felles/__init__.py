"""Felles: one shared health record for a region."""
