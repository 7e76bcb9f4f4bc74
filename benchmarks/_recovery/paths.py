"""Two measurements that are no races to one answer: whole paths, and the plain iteration."""

from __future__ import annotations

import functools
import statistics

import numpy as np
from iteration import ratio

from _recovery.clock import quiet, timed
from _recovery.ledger import Ledger
from _recovery.sweep import Rules
from breglab.problems.instances._tables import polynomial_table, standardised
from breglab.solvers.inverse_scale_space import inverse_scale_space_path
from breglab.solvers.lasso_path import lasso_path

TABLES = {
    "diabetes, degree 3": ("load_diabetes", 3),
    "breast_cancer, degree 2": ("load_breast_cancer", 2),
}
SIZES = ((500, 2000), (1000, 4000))
LIMIT = 120.0
"""Wall-clock seconds for a whole path."""
LARS = "lars_path"
TO_THE_SAME = {
    "inverse_scale_space_path": inverse_scale_space_path,
    "lasso_path of breglab": lasso_path,
}
WHOLE = "whole "


@functools.cache
def regression(name: str) -> tuple:
    """Return the polynomial features, standardised, and the target, all columns of length one."""
    import sklearn.datasets

    loader, degree = TABLES[name]
    data = getattr(sklearn.datasets, loader)(**({"scaled": False} if "diabetes" in loader else {}))
    scale = np.sqrt(len(data.target))
    A = polynomial_table(data, degree=degree).values / scale
    return np.asfortranarray(A), standardised(data.target.astype(float)) / scale


def whole_paths(name: str, rules: Rules, ledger: Ledger) -> None:
    """Time scikit-learn's path, ours to its last residual, and ours to their ends."""
    names = [LARS, *TO_THE_SAME, *(WHOLE + path for path in TO_THE_SAME)]
    if all(ledger.get("path", name, 0, solver) for solver in names):
        return
    A, b = regression(name)
    gram = min((False, "auto"), key=lambda gram: timed(lambda: _lars(A, b, gram))[1])
    end = _residual(A, b, _lars(A, b, gram))
    runs = {LARS: lambda: _lars(A, b, gram)}
    for title, path in TO_THE_SAME.items():
        # A hair above, so that rounding does not decide.
        runs[title] = functools.partial(path, A, b, sigma=end * (1.0 + 1e-10))
        runs[WHOLE + title] = functools.partial(path, A, b, time_limit=LIMIT)
    times = {solver: [] for solver in runs}
    ends = {}
    for _ in range(rules.rounds):
        for solver, call in runs.items():
            with quiet():
                ends[solver], seconds = timed(call)
            times[solver].append(seconds)
    least = float(np.linalg.norm(A @ np.linalg.lstsq(A, b, rcond=None)[0] - b))
    for solver in names:
        if solver == LARS:
            result = {"residual": end, "status": "", "finished": end <= least * (1.0 + 1e-6)}
        else:
            path = ends[solver]
            status = path.status.name
            result = {"residual": float(path.residuals[-1]), "status": status}
            result["finished"] = status == "FINISHED"
            result["passed"] = result["residual"] <= end * (1.0 + 1e-9)
        ledger.add(
            "path", name, 0, solver, seconds=times[solver], least=least, sizes=A.shape, **result
        )


def _lars(A, b, gram):
    from sklearn.linear_model import lars_path

    return lars_path(A, b, method="lasso", Gram=gram, max_iter=100_000)[2]


def _residual(A, b, path):
    return float(np.linalg.norm(A @ path[:, -1] - b))


def iterations(m: int, n: int, rules: Rules, ledger: Ledger) -> None:
    """Time a linearized Bregman iteration against its two products, as benchmarks/iteration.py."""
    case = f"{m} x {n}"
    if ledger.get("step", case, 0, "iteration"):
        return
    pairs = [ratio(m, n) for _ in range(rules.rounds)]
    ours, floor = zip(*pairs, strict=True)
    relative = statistics.median(mine / least for mine, least in pairs)
    ledger.add("step", case, 0, "iteration", seconds=list(ours), floor=list(floor), ratio=relative)
