"""`felles reindex`."""

import click


@click.command()
def reindex() -> None:
    """reindex."""
