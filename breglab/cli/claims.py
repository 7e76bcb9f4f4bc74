"""``breglab claims``."""

from __future__ import annotations

import typer

from breglab.cli._console import show


def list_claims() -> None:
    """List the claims and their sources.

    The ids are breglab's own numbers of the checkable statements; the place in the paper stands in
    the second column.
    """
    from breglab.report import claims_table
    from breglab.theory import all_claims

    if not show(claims_table(all_claims())):
        raise typer.Exit(1)
