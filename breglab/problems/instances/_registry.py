"""The list of named instances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from breglab._checks import choice, count
from breglab.problems.problem import Problem

Builder = Callable[[str, np.random.Generator], Problem]
_BUILDERS: dict[str, Builder] = {}


def register(name: str) -> Callable[[Builder], Builder]:
    """Enter the decorated builder, which gets the name and a generator, under a name."""

    def enter(builder: Builder) -> Builder:
        _BUILDERS[name] = builder
        return builder

    return enter


def names() -> tuple[str, ...]:
    """Return the names of all instances, in alphabetical order.

    Examples
    --------
    >>> from breglab.problems import names
    >>> "photograph" in names()
    True
    """
    return tuple(sorted(_BUILDERS))


def load(name: str, seed: int = 0) -> Problem:
    """Build a named instance.

    Parameters
    ----------
    name : str
        One of `names`.
    seed : int
        Everything random about the instance is a function of it, >= 0.

    Returns
    -------
    Problem
        The instance.

    Raises
    ------
    ValueError
        If there is no instance of that name, or ``seed`` is negative.
    TypeError
        If ``seed`` is not an integer.

    Examples
    --------
    >>> from breglab.problems import load
    >>> load("diabetes-cs").loss.size
    283
    """
    builder = _BUILDERS[choice(name, "name", names())]
    return builder(name, np.random.default_rng(count(seed, "seed", low=0)))
