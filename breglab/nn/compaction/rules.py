"""How the operations of a network act on channels: which are constant, and which are needed.

A rule goes forwards, from the channels of the inputs to those of the output, and backwards, from
the outputs that are wanted to the inputs that these are made of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from breglab.nn.compaction.channels import Channels, Ledger


class Rule(ABC):
    """One operation, as far as channels are concerned."""

    @abstractmethod
    def forward(self, ledger: Ledger, inputs: Sequence[Channels]) -> Channels:
        """Return the channels of the output."""

    @abstractmethod
    def needs(self, wanted: Tensor) -> list[Tensor]:
        """Return, for each input, which of its channels the ``wanted`` outputs are made of.

        Wanted are outputs that something reads and that are not constant.
        """


class LinearMap(Rule):
    """A linear layer or a convolution: every output is a sum over all inputs, plus a bias.

    Parameters
    ----------
    weight : Tensor
        Shape ``(n_out, n_in, *kernel)``.
    bias : Tensor
        Shape ``(n_out,)``.
    axis : int
        The axis of the channels of the output.
    border : bool
        Whether a constant input gives an output that differs at the border (zero padding).
    """

    def __init__(self, weight: Tensor, bias: Tensor, axis: int, border: bool) -> None:
        self.reads = (weight != 0).flatten(2).any(2) if weight.ndim > 2 else weight != 0
        self.gain = weight.double().flatten(2).sum(2) if weight.ndim > 2 else weight.double()
        self.bias, self.axis, self.border = bias.double(), axis, border

    def forward(self, ledger: Ledger, inputs: Sequence[Channels]) -> Channels:
        """Take those for constant that read constant inputs alone; padded, inputs of 0."""
        n_out, n_in = self.reads.shape
        varies, value = torch.ones(n_in, dtype=torch.bool), torch.zeros(n_in).double()
        if inputs:
            varies, value = ~inputs[0].constant, inputs[0].value
            if self.border:
                varies = varies | (value != 0)
        constant = ~(self.reads & varies).any(1)
        return Channels.of(self.axis, ledger.fresh(n_out), constant, self.gain @ value + self.bias)

    def needs(self, wanted: Tensor) -> list[Tensor]:
        """Return those with a weight other than 0 in a wanted row."""
        return [self.reads[wanted].any(0)]


class Scaling(Rule):
    """A map of each channel by itself: batch norm, or a convolution with one group a channel.

    Parameters
    ----------
    gain, shift : Tensor
        Shape ``(channels,)``: a constant c becomes ``gain c + shift``.
    reads : Tensor
        Shape ``(channels,)``, false where the input does not matter.
    border : bool
        As in `LinearMap`.
    """

    def __init__(self, gain: Tensor, shift: Tensor, reads: Tensor, border: bool = False) -> None:
        self.gain, self.shift, self.reads, self.border = gain, shift, reads, border

    def forward(self, ledger: Ledger, inputs: Sequence[Channels]) -> Channels:
        """Take those for constant whose input is, or does not matter."""
        (x,) = inputs
        constant = x.constant & (x.value == 0) if self.border else x.constant
        value = self.gain * x.value + self.shift
        return Channels.of(x.axis, x.ids, constant | ~self.reads, value)

    def needs(self, wanted: Tensor) -> list[Tensor]:
        """Return the same channels: where the input does not matter, the output is constant."""
        return [wanted]


class Pointwise(Rule):
    """A function of the entries at one place, and sums of tensors.

    Parameters
    ----------
    function : callable
        Maps one vector of channel values for each input to those of the output.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function = function
        self._count = 0

    def forward(self, ledger: Ledger, inputs: Sequence[Channels]) -> Channels:
        """Take those for constant whose inputs all are."""
        first, *others = inputs
        self._count = len(inputs)
        constant = first.constant
        for other in others:
            ledger.join(first.ids, other.ids)
            constant = constant & other.constant
        value = self.function(*(x.value for x in inputs))
        return Channels.of(first.axis, first.ids, constant, value)

    def needs(self, wanted: Tensor) -> list[Tensor]:
        """Return the same channels of every input."""
        return [wanted] * self._count


class Rearrangement(Rule):
    """Channels of the inputs, one after another, each as often as the output has it.

    Parameters
    ----------
    axis : int
        The axis of the channels of the output.
    sources : sequence of Tensor
        For each input, the numbers of its channels in the order of the output.
    border : bool
        Whether constants other than 0 vary at the border of the output (pooling with padding).
    """

    def __init__(self, axis: int, sources: Sequence[Tensor], border: bool = False) -> None:
        self.axis, self.sources, self.border = axis, sources, border
        self._sizes: list[int] = []

    def forward(self, ledger: Ledger, inputs: Sequence[Channels]) -> Channels:
        """Take the outputs for what their sources are."""
        pairs = list(zip(inputs, self.sources, strict=True))
        self._sizes = [len(x.ids) for x in inputs]
        value = torch.cat([x.value[source] for x, source in pairs])
        constant = torch.cat([x.constant[source] for x, source in pairs])
        if self.border:
            constant = constant & (value == 0)
        ids = torch.cat([x.ids[source] for x, source in pairs])
        return Channels.of(self.axis, ids, constant, value)

    def needs(self, wanted: Tensor) -> list[Tensor]:
        """Return the sources of what is wanted."""
        needed = []
        parts = torch.split(wanted, [len(source) for source in self.sources])
        for part, source, size in zip(parts, self.sources, self._sizes, strict=True):
            found = torch.zeros(size, dtype=torch.bool)
            found[source[part]] = True
            needed.append(found)
        return needed
