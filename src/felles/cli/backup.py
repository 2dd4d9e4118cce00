"""`felles backup`."""

import click


@click.command()
def backup() -> None:
    """backup."""
