"""`felles check`."""

import click


@click.command()
def check() -> None:
    """check."""
