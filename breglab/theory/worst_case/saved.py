"""The worst-case numbers and curves that are kept with the package, and how they are made anew.

A semidefinite program needs PEPit, an optional dependency. What it gave is kept as JSON, with the
versions of all that it was computed by:

    python -c "from breglab.theory.worst_case import recompute; recompute().save()"
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import numpy as np

from breglab.theory.worst_case.contraction import contraction_factors
from breglab.theory.worst_case.table import Program, programs

_FILE = files("breglab.theory.worst_case") / "data" / "worst_cases.json"
_LIBRARIES = ("PEPit", "cvxpy", "clarabel")
_ACCURACY = 1e-7
"""Of the solver: what is below is its zero."""
RELATIVE_STEPS = tuple(np.round(np.linspace(0.1, 2.0, 20), 12).tolist())
"""Of the curves: ``delta L tau``."""
CURVES = (0.5, 0.1)
"""Constants nu of Assumption 5, one figure each."""


@dataclass(frozen=True)
class SavedNumber:
    """One number of the table.

    Attributes
    ----------
    group, case : str
        Which quantity, a key of `GROUPS`, and at which constants.
    printed, sharp : float or None
        The bound of the paper and the one that is proved here, where there are such.
    exact : float
        The semidefinite worst case, up to the accuracy of the solver.
    """

    group: str
    case: str
    printed: float | None
    sharp: float | None
    exact: float


@dataclass(frozen=True)
class SavedCurves:
    """Contraction factors of Theorem 11 against ``delta L tau``, for L = delta = 1 and one nu.

    Attributes
    ----------
    nu : float
        Constant of Assumption 5.
    relative_steps, printed, sharp, one_point, full : tuple of float
        As in `Contraction`, with the exact factors under both forms of Assumption 5.
    """

    nu: float
    relative_steps: tuple[float, ...]
    printed: tuple[float, ...]
    sharp: tuple[float, ...]
    one_point: tuple[float, ...]
    full: tuple[float, ...]


@dataclass(frozen=True)
class SavedWorstCases:
    """Numbers, curves, and what they were computed by and when.

    Attributes
    ----------
    numbers : tuple of SavedNumber
        In the order of `programs`.
    curves : tuple of SavedCurves
        One for each of `CURVES`.
    provenance : mapping of str to str
        Versions of ``PEPit``, ``cvxpy`` and the solver ``clarabel``, and the ``date``.
    """

    numbers: tuple[SavedNumber, ...]
    curves: tuple[SavedCurves, ...]
    provenance: Mapping[str, str]

    def to_json(self) -> str:
        """Return the text that is kept, seven digits a number: more than the solver's accuracy."""
        return json.dumps(_rounded(asdict(self)), indent=1) + "\n"

    def save(self) -> None:
        """Write the file of the package, for a checkout of its sources."""
        Path(str(_FILE)).write_text(self.to_json(), encoding="utf-8")


def load_worst_cases() -> SavedWorstCases:
    """Read the numbers and curves that are kept with the package.

    Examples
    --------
    >>> from breglab.theory.worst_case import load_worst_cases
    >>> len(load_worst_cases().numbers) > 20
    True
    """
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    return SavedWorstCases(
        tuple(SavedNumber(**number) for number in content["numbers"]),
        tuple(
            SavedCurves(nu=curves.pop("nu"), **{key: tuple(ys) for key, ys in curves.items()})
            for curves in content["curves"]
        ),
        content["provenance"],
    )


def recompute() -> SavedWorstCases:
    """Compute every number and every curve anew; about 20 seconds.

    Raises
    ------
    ImportError
        If PEPit is not installed.
    """
    numbers = tuple(recompute_number(program) for program in programs().values())
    curves = tuple(recompute_curves(nu) for nu in CURVES)
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return SavedWorstCases(numbers, curves, versions | {"date": date})


def recompute_number(program: Program) -> SavedNumber:
    """Compute one number of the table."""
    return SavedNumber(program.group, program.case, *program.compute())


def recompute_curves(nu: float, relative_steps: tuple[float, ...] = RELATIVE_STEPS) -> SavedCurves:
    """Compute the contraction factors for one nu."""
    one_point = contraction_factors(relative_steps, nu=nu, assumption="one-point")
    full = contraction_factors(relative_steps, nu=nu, assumption="full")
    columns = (
        one_point.relative_steps, one_point.printed, one_point.sharp, one_point.exact, full.exact,
    )  # fmt: skip
    return SavedCurves(nu, *(tuple(column.tolist()) for column in columns))


def _rounded(content: object) -> object:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    if isinstance(content, float):
        return float(f"{content:.7g}") if abs(content) > _ACCURACY else 0.0
    return content
