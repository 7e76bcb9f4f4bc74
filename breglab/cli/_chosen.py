"""The claims that are named on the command line: ids, and files with claims of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from breglab.cli._options import meant

if TYPE_CHECKING:
    from breglab.theory import Claim


def chosen_claims(names: list[str]) -> tuple[Claim, ...]:
    """Return the built-in claims in the order of the paper, then those of files; all for no name.

    Raises
    ------
    typer.BadParameter
        If an id is unknown, or a file does not give the claims that are asked of it.
    """
    from breglab.theory import CLAIMS, find_claims
    from breglab.theory.loading import is_reference, load_claims

    files = [name for name in names if is_reference(name)]
    ids = [name for name in names if not is_reference(name)]
    known = [claim.id for claim in CLAIMS]
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise _refused(
            f"must be an id that `breglab claims` lists ({known[0]} to {known[-1]}), "
            f"got {', '.join(meant(name, known) for name in unknown)}"
        )
    try:
        own = load_claims(*files) if files else ()
    except ValueError as error:
        raise _refused(str(error)) from error
    return (*(find_claims(ids) if ids or not own else ()), *own)


def _refused(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'CLAIM'")
