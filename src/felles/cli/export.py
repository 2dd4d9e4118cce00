"""`felles export`."""

import click


@click.command()
def export() -> None:
    """export."""
