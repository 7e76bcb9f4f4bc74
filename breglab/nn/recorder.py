"""What a training run records of its network: losses, densities, J, distances, saved FLOPs."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn
from torch.optim import Optimizer

from breglab._checks import scalar
from breglab._files import replaced
from breglab.nn.density import density
from breglab.nn.distances import (
    bregman_distance,
    l1_norm,
    regularized,
    regularizer_value,
    subgradients,
)
from breglab.nn.flops import Flops
from breglab.nn.optim.bregman import Bregman
from breglab.nn.weights import check_model

FORMAT = 1


class Columns(dict[str, npt.NDArray[np.float64]]):
    """Arrays of one length by name.

    Attributes
    ----------
    unit : str
        What the column ``step`` counts.
    """

    unit = "step"

    @classmethod
    def of(cls, unit: str, table: Mapping[str, Sequence[float]]) -> Columns:
        """Return the columns of a table."""
        made = cls((name, np.array(values, dtype=np.float64)) for name, values in table.items())
        made.unit = unit
        return made


class Recorder:
    """A table with one row for each call of `record`.

    ====================  ========================================================================
    ``step``              what `record` was told, an epoch or a step
    any other name        what `record` was told: losses, accuracies, step sizes
    ``density``           share of non-zero weights (`breglab.nn.density`)
    ``density/NAME``      the same of one weight tensor
    ``rows/NAME``         its rows (neurons, filters) with a non-zero weight, a number
    ``l1``                the sum of the absolute values of all weights
    ``J``                 the regulariser at the parameters, with lam as it was, if an optimizer of
                          `breglab.nn` is given
    ``flops_saved``       share of the operations of a forward pass that have a zero as a factor
                          (`breglab.nn.flops.Flops`), if there is an example input
    ``bregman``           D_J(theta_last, theta_k) with p_k = v_k - theta_k / delta, (1.17) of
                          Bungert et al. (JMLR 2022), if `distances` is set
    ====================  ========================================================================

    Parameters
    ----------
    model : Module
        The network.
    optimizer : Optimizer, optional
        Its optimizer.
    example_input : Tensor or tuple, optional
        What the model is called with once, to count its operations.
    distances : bool
        Whether to keep the subgradients of all rows, on the CPU, as large as the weights each.
    unit : str
        What the steps are, as in "epoch"; figures say so.
    writer : object, optional
        Gets all numbers as well: anything with ``add_scalar(name, value, step)``, such as
        `torch.utils.tensorboard.SummaryWriter`.

    Attributes
    ----------
    rows : list of dict
        The table so far, without the column ``bregman``.

    Raises
    ------
    TypeError
        If the model is no module, or distances are asked for and the optimizer has no dual
        variable.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None = None,
        *,
        example_input: Any = None,
        distances: bool = False,
        unit: str = "step",
        writer: Any = None,
    ) -> None:
        check_model(model)
        if distances and not isinstance(optimizer, Bregman):
            raise TypeError(
                "optimizer must have a dual variable, as LinBreg, for distances, "
                f"got {type(optimizer).__name__}"
            )
        self._model, self._optimizer, self._writer = model, optimizer, writer
        self._flops = None if example_input is None else Flops(model, example_input)
        self._distances, self._unit = distances, unit
        self.rows: list[dict[str, float]] = []
        self._subgradients: list[dict[str, Any]] = []

    def record(self, step: float, **metrics: float) -> dict[str, float]:
        """Add a row about the network as it is.

        Parameters
        ----------
        step : float
            The epoch or step; larger than that of the row before.
        **metrics : float
            Further numbers of the row; numbers that are not finite are kept.

        Returns
        -------
        dict
            The row.

        Raises
        ------
        ValueError
            If the steps do not increase, or a name is one of the recorder's own.
        """
        last = self.rows[-1]["step"] if self.rows else -math.inf
        scalar(step, "step", low=last, open_low=True)
        row = {"step": float(step)}
        own = self._look()
        for name, value in metrics.items():
            if name in own or name in ("step", "bregman"):
                raise ValueError(f"{name} is recorded by itself, its name is taken")
            row[name] = float(value)
        row.update(own)
        self.rows.append(row)
        if self._distances:
            self._subgradients.append(subgradients(self._bregman()))
        if self._writer is not None:
            for name, value in row.items():
                if name != "step":
                    self._writer.add_scalar(name, value, step)
        return row

    def _look(self) -> dict[str, float]:
        found = density(self._model)
        own = {"density": found.entries}
        own |= {f"density/{layer.name}": layer.density for layer in found.layers}
        own |= {f"rows/{layer.name}": float(layer.rows[0]) for layer in found.layers}
        own["l1"] = l1_norm(self._model)
        if self._flops is not None:
            densities = {layer.name: layer.density for layer in found.layers}
            left = self._flops.without_zeros(densities)
            own["flops_saved"] = 1.0 - left / self._flops.dense if self._flops.dense else 0.0
        if self._optimizer is not None and regularized(self._optimizer):
            own["J"] = regularizer_value(self._optimizer)
        return own

    def _bregman(self) -> Bregman:
        assert isinstance(self._optimizer, Bregman)
        return self._optimizer

    def columns(self) -> Columns:
        """Return the table as arrays of one length, NaN where a row has no such number.

        The distances are to the parameters as they are at this moment.
        """
        names = dict.fromkeys(name for row in self.rows for name in row)
        table = {name: [row.get(name, math.nan) for row in self.rows] for name in names}
        if self._distances:
            table["bregman"] = [
                bregman_distance(self._bregman(), kept) for kept in self._subgradients
            ]
        return Columns.of(self._unit, table)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as JSON, for `load_record` and `breglab.plotting`.

        Parameters
        ----------
        path : path
            The file; it appears when it is complete.
        """
        table = {name: _plain(values) for name, values in self.columns().items()}
        target = Path(path)
        with replaced(target) as file:
            content = {"format": FORMAT, "unit": self._unit, "columns": table}
            text = json.dumps(content, indent=1, allow_nan=False)
            file.write(text.encode())
        return target

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs: tensors, numbers and strings in lists and dicts."""
        return {"rows": [dict(row) for row in self.rows], "subgradients": list(self._subgradients)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the table that `state_dict` returned.

        Parameters
        ----------
        state_dict : dict
            Of a recorder with the same options.
        """
        self.rows = [dict(row) for row in state_dict["rows"]]
        self._subgradients = list(state_dict["subgradients"])


def load_record(path: str | os.PathLike[str]) -> Columns:
    """Return the columns of a file that `Recorder.save` wrote.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    try:
        content = json.loads(Path(path).read_text())
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}")
        table = {
            name: [_FROM_JSON.get(value, value) for value in values]
            for name, values in content["columns"].items()
        }
        return Columns.of(content.get("unit", "step"), table)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} must be a record of a training run: {error}") from error


_FROM_JSON: dict[Any, float] = {None: math.nan, "inf": math.inf, "-inf": -math.inf}


def _plain(values: npt.NDArray[np.float64]) -> list[Any]:
    """Return numbers as strict JSON has them: NaN is null, the infinities are words."""
    return [x if math.isfinite(x) else None if math.isnan(x) else str(x) for x in values.tolist()]
