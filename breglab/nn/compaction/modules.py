"""Which of torch's modules act on channels in a way that is known."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from breglab.nn.compaction.rules import LinearMap, Rule, Scaling

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
LAYERS = (nn.Linear, *CONVOLUTIONS, *TRANSPOSED, *NORMS)

POINTWISE = {
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh,
    nn.Sigmoid, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.LogSigmoid,
    nn.Tanhshrink, nn.Softshrink, nn.Hardshrink, nn.Threshold, nn.Identity,
    nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
}  # fmt: skip
"""Functions of the entries at one place, in evaluation."""

SPATIAL = {
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d, nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.Upsample, nn.ZeroPad1d, nn.ZeroPad2d,
    nn.ZeroPad3d,
}  # fmt: skip
"""Maps of the pictures of each channel, which keep what is constant inside."""


def oriented(module: nn.Module) -> Tensor:
    """Return the weight of a linear layer or convolution in float64, outputs first.

    Returns
    -------
    Tensor
        Shape ``(n_out, n_in, *kernel)``, on the CPU.
    """
    weight = module.get_parameter("weight").detach().cpu().double()
    return weight.transpose(0, 1) if isinstance(module, TRANSPOSED) else weight


def bias_of(module: nn.Module, size: int) -> Tensor:
    """Return the bias of a layer in float64 on the CPU, 0 if it has none."""
    bias: Any = module.bias
    return torch.zeros(size).double() if bias is None else bias.detach().cpu().double()


def layer_rule(module: Any, shape: tuple[int, ...], axis: int | None) -> Rule | str:
    """Return the rule of a layer with weights, or the reason why there is none.

    Parameters
    ----------
    module : torch.nn.Module
        An instance of one of `LAYERS`.
    shape : tuple of int
        Of its input.
    axis : int or None
        The axis of the input's channels, None if nothing is known of them.
    """
    if isinstance(module, NORMS):
        return _norm_rule(module, axis)
    if not module.weight.is_floating_point():
        return f"has weights of {module.weight.dtype}"
    if isinstance(module, nn.Linear):
        weight = oriented(module)
        return LinearMap(weight, bias_of(module, len(weight)), len(shape) - 1, border=False)
    if len(shape) != module.weight.ndim:
        return "has an input without a batch axis"
    if module.groups == 1:
        weight = oriented(module)
        return LinearMap(weight, bias_of(module, len(weight)), 1, _border(module))
    if module.groups == module.in_channels == module.out_channels and axis == 1:
        weight = oriented(module)
        if isinstance(module, TRANSPOSED):
            weight = weight.transpose(0, 1)
        flat = weight.flatten(1)
        bias = bias_of(module, len(flat))
        return Scaling(flat.sum(1), bias, (flat != 0).any(1), _border(module))
    return f"has {module.groups} groups"


def _norm_rule(module: Any, axis: int | None) -> Rule | str:
    if module.running_mean is None:
        return "has no running mean: its output depends on the batch"
    if axis != 1:
        return "has an input whose channels are not known"
    mean, var = module.running_mean.cpu().double(), module.running_var.cpu().double()
    gain = (var + module.eps).rsqrt()
    shift = torch.zeros_like(mean)
    if module.weight is not None:
        gain = gain * module.weight.detach().cpu().double()
        shift = bias_of(module, len(mean))
    return Scaling(gain, shift - mean * gain, gain != 0)


def _border(module: Any) -> bool:
    """Return whether a convolution of a constant can differ from place to place."""
    if isinstance(module, TRANSPOSED):
        return True
    if module.padding_mode != "zeros":
        return False
    if isinstance(module.padding, str):
        return module.padding == "same" and math.prod(module.kernel_size) > 1
    return any(module.padding)


def changes_constants(module: Any) -> bool:
    """Return whether one of `SPATIAL` changes constants other than 0, at the border or all over."""
    if isinstance(module, nn.AvgPool1d | nn.AvgPool2d | nn.AvgPool3d):
        padding = module.padding
        padded = any(padding) if isinstance(padding, tuple) else bool(padding)
        divided = getattr(module, "divisor_override", None) is not None
        return divided or (padded and module.count_include_pad)
    return isinstance(module, nn.ZeroPad1d | nn.ZeroPad2d | nn.ZeroPad3d)
