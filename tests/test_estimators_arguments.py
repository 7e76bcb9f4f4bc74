"""The estimators' arguments: groups for cross-validation, and parameters of a wrong kind."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from breglab.estimators import (
    InverseScaleSpace,
    InverseScaleSpaceCV,
    LinearizedBregman,
    LinearizedBregmanClassifier,
    LinearizedBregmanClassifierCV,
    LinearizedBregmanCV,
)

CROSS_VALIDATED = {
    "inverse scale space": InverseScaleSpaceCV(),
    "linearized": LinearizedBregmanCV(max_iter=100),
    "classifier": LinearizedBregmanClassifierCV(max_iter=100),
}
every_one = pytest.mark.parametrize("name", CROSS_VALIDATED)


def data(name):
    """Return samples that come in groups, out of order, with an effect of each group."""
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(np.arange(12), 5))
    X = rng.standard_normal((60, 8)) + rng.standard_normal((12, 8))[groups]
    y = X[:, 0] - X[:, 3] + rng.standard_normal(12)[groups]
    return X, (y > 0.0 if name == "classifier" else y), groups


@every_one
def test_groups_are_kept_together_by_cross_validation(name):
    X, y, groups = data(name)
    model = clone(CROSS_VALIDATED[name]).set_params(cv=GroupKFold(3))
    found = model.fit(X, y, groups=groups)
    listed = clone(model).set_params(cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    torn = clone(model).set_params(cv=3).fit(X, y)
    losses = "log_loss_path_" if name == "classifier" else "mse_path_"
    np.testing.assert_array_equal(getattr(found, losses), getattr(listed, losses))
    np.testing.assert_array_equal(found.coef_, listed.coef_)
    assert not np.array_equal(getattr(found, losses), getattr(torn, losses))


@every_one
def test_groups_arrive_through_pipelines_and_by_routing(name):
    X, y, groups = data(name)
    model = clone(CROSS_VALIDATED[name]).set_params(cv=GroupKFold(3))
    X = StandardScaler().fit_transform(X)
    alone = clone(model).fit(X, y, groups=groups)
    pipeline = make_pipeline(StandardScaler(), model)
    step = pipeline.steps[-1][0]
    inside = pipeline.fit(X, y, **{f"{step}__groups": groups})[-1]
    np.testing.assert_allclose(inside.coef_, alone.coef_, rtol=0, atol=1e-12)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = clone(model).set_fit_request(groups=True)
        search = GridSearchCV(routed, {"fit_intercept": [True]}, cv=GroupKFold(2))
        best = search.fit(X, y, groups=groups).best_estimator_
    np.testing.assert_array_equal(best.coef_, alone.coef_)


@every_one
def test_groups_that_are_missing_or_too_few_are_named(name):
    X, y, groups = data(name)
    model = clone(CROSS_VALIDATED[name]).set_params(cv=GroupKFold(3))
    with pytest.raises(ValueError, match="groups"):
        model.fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y, groups=groups[1:])


BAD = [
    (kind, {"fit_intercept": value})
    for kind in (InverseScaleSpace, LinearizedBregman, LinearizedBregmanClassifier)
    for value in ("no", 0, None)
] + [
    (InverseScaleSpace, {"t": "late"}),
    (InverseScaleSpace, {"noise_std": True}),
    (InverseScaleSpace, {"max_breakpoints": 2.5}),
    (LinearizedBregman, {"delta": "large"}),
    (LinearizedBregman, {"tau": [0.1]}),
    (LinearizedBregman, {"max_iter": 10.0}),
    (LinearizedBregman, {"noise_std": "small"}),
    (LinearizedBregmanClassifier, {"delta": "large"}),
    (LinearizedBregmanClassifier, {"tau": "small"}),
    (LinearizedBregmanClassifier, {"max_iter": True}),
    *((type(model), {"n_jobs": jobs}) for model in CROSS_VALIDATED.values() for jobs in (0, "all")),
]


@pytest.mark.parametrize(("kind", "wrong"), BAD)
def test_a_parameter_of_a_wrong_kind_is_named(kind, wrong):
    X, y, _ = data("classifier" if "Classifier" in kind.__name__ else "regressor")
    (name,) = wrong
    with pytest.raises(TypeError, match=f"^{name} must be"):
        kind(**wrong).fit(X, y)


def test_a_cv_that_is_none_is_named():
    X, y, _ = data("regressor")
    with pytest.raises(ValueError, match="cv"):
        InverseScaleSpaceCV(cv="five").fit(X, y)
