"""The commands: `felles serve`, `felles import` ... Each loads what it needs when it runs, so that help is quick."""

import click

from felles.cli.account import account
from felles.cli.app import app
from felles.cli.audit import audit
from felles.cli.authorisation import authorisations
from felles.cli.backup import backup
from felles.cli.check import check
from felles.cli.convert import convert
from felles.cli.demo import demo
from felles.cli.export import export
from felles.cli.imports import imports
from felles.cli.npr import npr
from felles.cli.reindex import reindex
from felles.cli.restore import restore
from felles.cli.rollout import rollout
from felles.cli.serve import serve
from felles.cli.token import token

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="felles")
def main() -> None:
    """One shared health record for a region."""


for _command in (
    serve,
    imports,
    export,
    backup,
    restore,
    check,
    reindex,
    demo,
    audit,
    account,
    app,
    token,
    authorisations,
    npr,
    convert,
    rollout,
):
    main.add_command(_command)
