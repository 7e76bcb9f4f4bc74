"""Data tables as systems of linear equations."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from breglab._checks import Array


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Features, shape ``(m, n)``, and their names."""

    values: Array
    names: tuple[str, ...]


def polynomial_table(data: Any, degree: int) -> Table:
    """Return the standardised monomials of the standardised features of a scikit-learn data set.

    Columns without variance are dropped, and so are columns that equal an earlier one up to sign:
    the powers of a two-valued feature are affine functions of it and say nothing new.
    """
    from sklearn.preprocessing import PolynomialFeatures

    polynomial = PolynomialFeatures(degree, include_bias=False)
    values = polynomial.fit_transform(standardised(data.data))
    names = polynomial.get_feature_names_out([str(name) for name in data.feature_names])
    varied = values.std(axis=0) > 1e-8
    values, names = standardised(values[:, varied]), names[varied]
    correlation = np.abs(np.triu(values.T @ values / values.shape[0], k=1))
    new = correlation.max(axis=0) < 1 - 1e-8
    return Table(values[:, new], tuple(map(str, names[new])))


def standardised(values: Array) -> Array:
    """Return the columns with mean zero and variance one."""
    return (values - values.mean(axis=0)) / values.std(axis=0)


def orthonormal_rows(A: Array, b: Array) -> tuple[Array, Array]:
    """Return (A A^T)^(-1/2) [A, b]: the same solutions, but orthonormal rows."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U @ Vt, U @ ((U.T @ b) / s)
