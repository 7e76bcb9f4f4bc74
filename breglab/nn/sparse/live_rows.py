"""What stands in the place of a layer whose dead rows or filters are left out."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn

from breglab.nn.sparse.partition import Partition
from breglab.nn.sparse.split import Split, whole
from breglab.nn.sparse.split_rules import apply

Split.rules = staticmethod(apply)


class LiveRows(nn.Module):
    """A linear layer or convolution in frozen steps, of which some rows have no weights.

    Its parameters are ``values``, the rows (filters) of the support with all of their columns, or
    the kernels of the support one after another, and the whole bias, which is the output of dead
    rows. So nothing is left out of the layer's function or of its gradients on the support. Its
    checkpoint is that of the dense layer.

    Parameters
    ----------
    layer : torch.nn.Linear or torch.nn.Conv2d
        Or a convolution of one or three axes; the bias is shared with it.
    partition : Partition
        The rows of the support as what varies, the dead ones as what is constant.
    kernels : Tensor, optional
        Of a convolution, shape ``(n_out, n_in)``, which kernels are in the support; all of those
        in live rows unless given.
    """

    def __init__(self, layer: Any, partition: Partition, kernels: Tensor | None = None) -> None:
        super().__init__()
        self.partition, self._kernels = partition, None
        if kernels is not None:
            self._kernels = kernels.index_select(0, partition.varying).reshape(-1).nonzero()[:, 0]
        rows = self._chosen(layer.weight.detach().index_select(0, partition.varying))
        self.values = nn.Parameter(rows, layer.weight.requires_grad)
        self.bias = layer.bias
        self._dense = (layer,)  # in a tuple: its weight is no parameter of this module
        self.train(layer.training)

    @functools.cached_property
    def places(self) -> Tensor:
        """Positions of the values in the flattened weight, of their shape."""
        (layer,) = self._dense
        size: int = layer.weight[0].numel()
        inside = torch.arange(size, device=self.values.device)
        places = self.partition.varying[:, None] * size + inside
        return self._chosen(places.view(-1, *layer.weight.shape[1:]))

    def _chosen(self, rows: Tensor) -> Tensor:
        """Return what is a parameter of the rows: all, or kernels of shape (number, 1, ...)."""
        if self._kernels is None:
            return rows
        return rows.flatten(0, 1).index_select(0, self._kernels)[:, None]

    def _rows(self) -> Tensor:
        """Return the live rows."""
        if self._kernels is None:
            return self.values
        (layer,) = self._dense
        shape = (len(self.partition.varying), *layer.weight.shape[1:])
        zeros = self.values.new_zeros(shape).flatten(0, 1)
        return zeros.index_copy(0, self._kernels, self.values.flatten(0, 1)).view(shape)

    @property
    def kind(self) -> str:
        """The kind of the weight, as of `breglab.nn.weights.parameters_of`."""
        return "linear" if isinstance(self._dense[0], nn.Linear) else "conv"

    def weight(self) -> Tensor:
        """Return the whole weight, brought up to date."""
        return self._write_back().weight.detach()  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Return what the dense layer returns; by parts, if `x` has a batch axis and no more."""
        (layer,) = self._dense
        bias, constant = None, None
        if self.bias is not None:
            bias, constant = self.partition.cut(self.bias, 0)
        if isinstance(layer, nn.Linear):
            rows = x if x.ndim == 2 else whole(x).reshape(-1, x.shape[-1])
            varying = nn.functional.linear(rows, self._rows(), bias)
            found = self._joined(varying, constant)
            return found if x.ndim == 2 else found.whole().reshape(*x.shape[:-1], -1)
        if x.ndim != layer.weight.ndim:
            alone: Tensor = whole(self.forward(x[None]))[0]
            return alone
        if not len(self.partition.varying):
            return self._joined(self._empty(layer, x), constant)
        return self._joined(layer._conv_forward(x, self._rows(), bias), constant)

    def _joined(self, varying: Tensor, constant: Tensor | None) -> Split:
        """Return the rows with weights and the others, which give their bias."""
        rest = (1,) * (varying.ndim - 2)
        shape = (1, len(self.partition.constant), *varying.shape[2:])
        if constant is None:
            fixed = varying.new_zeros(shape)
        else:
            fixed = constant.to(varying.dtype).view(1, -1, *rest).expand(shape)
        return Split.of(varying, fixed, self.partition)

    def _empty(self, layer: Any, x: Tensor) -> Tensor:
        """Return the output of no filters, which torch refuses to compute."""
        probe = layer.weight.detach()[:1]
        out: Tensor = layer._conv_forward(whole(x).detach(), probe, None)[:, :0]
        return out

    def _write_back(self) -> Any:
        (layer,) = self._dense
        with torch.no_grad():
            layer.weight.view(-1).scatter_(0, self.places.reshape(-1), self.values.reshape(-1))
        return layer

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        self._write_back()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        (layer,) = self._dense
        layer._load_from_state_dict(state_dict, prefix, *rest)
        with torch.no_grad():
            rows = layer.weight.index_select(0, self.partition.varying)
            self.values.copy_(self._chosen(rows))

    def extra_repr(self) -> str:
        """Return how many rows are left of the layer."""
        return f"{len(self.partition.varying)} of {self.partition.size} rows of {self._dense[0]}"
