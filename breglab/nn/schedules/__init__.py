"""Schedules of lam: the regulariser becomes stronger or weaker, the dual variable stays.

After each of their steps a schedule writes ``group["lam"]`` of the param groups that it steers,
and the optimizer's next step uses it; `QuantileLambda` also writes the parameters.
`FrozenStepsSchedule` is no schedule of lam: it sets ``group["frozen_steps"]``.
"""

from __future__ import annotations

from breglab.nn.schedules.base import LambdaSchedule
from breglab.nn.schedules.feedback import FeedbackLambda
from breglab.nn.schedules.frozen_steps import FrozenStepsSchedule
from breglab.nn.schedules.linear import FixedLambda, LinearLambda
from breglab.nn.schedules.quantile import QuantileLambda

SCHEDULES: dict[str, type[LambdaSchedule]] = {
    "fixed": FixedLambda,
    "linear": LinearLambda,
    "feedback": FeedbackLambda,
    "quantile": QuantileLambda,
}
"""The schedules by the names that a configuration gives them."""

__all__ = [
    "SCHEDULES",
    "FeedbackLambda",
    "FixedLambda",
    "FrozenStepsSchedule",
    "LambdaSchedule",
    "LinearLambda",
    "QuantileLambda",
]
