"""Instances from data tables that scikit-learn brings along."""

from __future__ import annotations

import numpy as np

from breglab.problems.instances._registry import register
from breglab.problems.instances._tables import orthonormal_rows, polynomial_table, standardised
from breglab.problems.least_squares import LeastSquares
from breglab.problems.logistic import Logistic
from breglab.problems.problem import Problem

_DIABETES = "Efron, Hastie, Johnstone, Tibshirani, Least angle regression, 2004 (scikit-learn)"
_BREAST_CANCER = "Wolberg, Street, Mangasarian, Breast Cancer Wisconsin, 1995 (scikit-learn)"


@register("diabetes")
def diabetes(name: str, rng: np.random.Generator) -> Problem:
    """Build a noisy overdetermined regression; the same for every seed."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    table = polynomial_table(data, degree=2)
    patients, features = table.values.shape
    scale = np.sqrt(patients)
    loss = LeastSquares(table.values / scale, standardised(data.target) / scale)
    residual = loss.residual(loss.minimiser())
    return Problem(
        name=name,
        title="Predict the progress of diabetes in 442 patients from 64 quadratic features.",
        loss=loss,
        source=_DIABETES,
        noise_std=float(np.linalg.norm(residual) / np.sqrt(patients - features - 1)),
        real_data=True,
        feature_names=table.names,
        notes="Columns and target have unit length, so b is in units of sqrt(442) deviations. "
        "The square of sex is left out: it is an affine function of sex.",
    )


@register("diabetes-cs")
def diabetes_cs(name: str, rng: np.random.Generator) -> Problem:
    """Build a consistent underdetermined regression on a few patients."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    table = polynomial_table(data, degree=3)
    chosen = rng.choice(table.values.shape[0], size=40, replace=False)
    A, b = orthonormal_rows(table.values[chosen], standardised(data.target)[chosen])
    return Problem(
        name=name,
        title="Explain the diabetes of 40 patients exactly by few of 283 cubic features.",
        loss=LeastSquares(A, b, lipschitz=1.0),
        source=_DIABETES,
        real_data=True,
        feature_names=table.names,
        notes="The rows were made orthonormal, which leaves the solutions as they are.",
    )


@register("breast-cancer")
def breast_cancer(name: str, rng: np.random.Generator) -> Problem:
    """Build a binary classification with a ridge; the same for every seed."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    return Problem(
        name=name,
        title="Tell benign from malignant tumours in 569 patients by 30 measurements.",
        loss=Logistic(standardised(data.data), data.target, ridge=1e-2),
        source=_BREAST_CANCER,
        noise_std=None,
        real_data=True,
        feature_names=tuple(map(str, data.feature_names)),
        notes="A large value of the prediction means benign. The ridge is 0.01.",
    )


@register("breast-cancer-cs")
def breast_cancer_cs(name: str, rng: np.random.Generator) -> Problem:
    """Build a consistent underdetermined regression on the labels of a few patients."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    table = polynomial_table(data, degree=2)
    chosen = rng.choice(table.values.shape[0], size=60, replace=False)
    A, b = orthonormal_rows(table.values[chosen], 2.0 * data.target[chosen] - 1.0)
    return Problem(
        name=name,
        title="Label the tumours of 60 patients exactly by few of 495 quadratic features.",
        loss=LeastSquares(A, b, lipschitz=1.0),
        source=_BREAST_CANCER,
        real_data=True,
        feature_names=table.names,
        notes="Labels are +1 (benign) and -1; the rows were made orthonormal.",
    )
