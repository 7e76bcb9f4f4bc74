"""Autoencoders that are not drawn as such: all layers have the width of the input."""

from __future__ import annotations

from torch import Tensor, nn

from breglab._checks import count, positive, scalar


class Autoencoder(nn.Module):
    """Linear layers of one width with ReLUs in between, which map images to images.

    Parameters
    ----------
    width : int
        Numbers an image.
    layers : int
        Layers of neurons, input and output counted, >= 2: the 7 of Section 4.6 of Bungert et al.
        (JMLR 2022) are five hidden layers, and six weight matrices. With row groups the neurons
        that are needed are found in training.
    skips : bool
        Whether hidden layer l is added to hidden layer layers - 1 - l, its mirror image, as in a
        U-net: the extension that the paper's conclusion asks for.
    slope : float
        Of the activations below zero, in [0, 1): 0 for ReLUs, more for leaky ones. With ReLUs a
        neuron whose weights are all zero and whose bias has become negative has no gradient, and
        can never become active.
    rectify : bool
        Whether an activation follows on the last layer too, as the authors have it: images are not
        negative, and the background of a digit becomes exactly zero.
    mean, deviation : float
        Subtracted from all inputs, and what they are divided by then, > 0: those of the data.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.

    References
    ----------
    Ronneberger, Fischer and Brox, U-Net, MICCAI 2015, for the skip connections.
    """

    def __init__(
        self,
        width: int = 784,
        layers: int = 7,
        skips: bool = False,
        slope: float = 0.0,
        rectify: bool = False,
        mean: float = 0.0,
        deviation: float = 1.0,
    ) -> None:
        super().__init__()
        count(width, "width")
        matrices = count(layers, "layers", low=2) - 1
        self.skips = skips
        self.mean = scalar(mean, "mean")
        self.deviation = positive(deviation, "deviation")
        self.flatten = nn.Flatten()
        self.linears = nn.ModuleList(nn.Linear(width, width) for _ in range(matrices))
        scalar(slope, "slope", low=0.0, high=1.0, open_high=True)
        self.relus = nn.ModuleList(
            nn.LeakyReLU(slope) if slope else nn.ReLU() for _ in range(matrices - 1 + rectify)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, ...)`` of `width` numbers to images of the same shape."""
        hidden: list[Tensor] = [(self.flatten(x) - self.mean) / self.deviation]
        for i, linear in enumerate(self.linears):
            h: Tensor = linear(hidden[-1])
            if i < len(self.relus):
                h = self.relus[i](h)
            mirror = len(self.linears) - len(hidden)
            if self.skips and 0 < mirror < len(hidden):
                h = h + hidden[mirror]
            hidden.append(h)
        return hidden[-1].reshape(x.shape)
