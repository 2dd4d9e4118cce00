"""`felles restore`."""

import click


@click.command()
def restore() -> None:
    """restore."""
