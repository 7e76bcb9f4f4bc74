"""The margin of a claim on an instance that the reader chooses."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import ipywidgets
from matplotlib.figure import Figure

from breglab.plotting.explorers._explorer import Explorer, field
from breglab.plotting.margins import margin_curves
from breglab.theory import (
    ClaimResult,
    Instance,
    Run,
    Verdict,
    check,
    check_negative,
    common_instances,
    execute,
    find_claims,
)


def claim_margin(claim: str = "23", instances: Sequence[Instance] | None = None) -> Explorer:
    """Explore by how much a claim holds, and how its negative instance violates it.

    Parameters
    ----------
    claim : str
        The id to start with; `breglab.theory.find_claims` knows it.
    instances : sequence of Instance, optional
        What to choose from; the common instances of the quick suite unless given.

    Returns
    -------
    Explorer
        Controls ``claim`` and ``instance``.

    Raises
    ------
    ValueError
        If there is no instance.

    Examples
    --------
    >>> from breglab.plotting.explorers import claim_margin
    >>> explorer = claim_margin("37")
    >>> explorer.controls["claim"].value = ""
    >>> explorer.sentence
    'claim must be an id such as 23: the field is empty.'
    """
    chosen_from = common_instances("quick", 0) if instances is None else instances
    known = {one.name: one for one in chosen_from}
    if not known:
        raise ValueError("instances must hold at least one instance, got none")

    @functools.cache
    def run_of(name: str) -> Run:
        return execute(known[name])

    def draw(claim: str, instance: str) -> Figure:
        if not claim.strip():
            raise ValueError("claim must be an id such as 23: the field is empty.")
        try:
            (chosen,) = find_claims(claim.strip())
        except ValueError:  # whose message names all of them
            raise ValueError(f"claim must be an id such as 23: there is no {claim!r}.") from None
        findings = chosen.findings() or (check(chosen, run_of(instance)),)
        result = ClaimResult(chosen, findings, check_negative(chosen))
        if result.verdict is Verdict.NOT_APPLICABLE:
            reason = findings[0].reason
            raise ValueError(
                f"claim {chosen.id} does not apply to {instance}: it asks that {reason}."
            )
        return margin_curves(result)

    controls = {
        "claim": field(claim, "claim"),
        "instance": ipywidgets.Dropdown(options=list(known), description="instance"),
    }
    return Explorer(draw, controls, "The relative margin of a claim over the iterates")
