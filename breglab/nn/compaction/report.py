"""What compaction did to each layer, and why it did no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx, nn

from breglab.nn.compaction.analysis import Analysis
from breglab.nn.compaction.rules import LinearMap


@dataclass(frozen=True)
class LayerReport:
    """One layer.

    Attributes
    ----------
    name, kind : str
        Its name in the network and its class.
    before, after : tuple of int
        The shape of its weight, () if it has none.
    why : str
        Why it was kept whole, or why outputs that are constant or not read were kept; "" where
        nothing was left to remove.
    """

    name: str
    kind: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    why: str = ""

    def __str__(self) -> str:
        """Return one line."""
        size = f"{_times(self.before)} -> {_times(self.after)}"
        line = f"{self.name} ({self.kind}): {size if self.before else 'no weight of its own'}"
        return f"{line}; {self.why}" if self.why else line


@dataclass(frozen=True)
class CompactionReport:
    """All layers of a network.

    Attributes
    ----------
    layers : tuple of LayerReport
        In the order in which they are called.
    parameters : tuple of (int, int)
        Numbers of parameters before and after.
    deviation : float
        The largest difference between the outputs of both networks for the example, divided by
        the largest output.
    """

    layers: tuple[LayerReport, ...]
    parameters: tuple[int, int]
    deviation: float

    def __str__(self) -> str:
        """Return one line a layer, and the sum."""
        before, after = self.parameters
        share = after / before if before else 1.0
        total = f"{before:,} -> {after:,} parameters ({share:.1%})"
        return "\n".join(
            [*map(str, self.layers), f"{total}; outputs differ by {self.deviation:.1e}"]
        )


def with_report(model: nn.Module, report: Any) -> nn.Module:
    """Return a network after giving it an attribute ``report`` that its copies have too."""
    model.report = report
    if isinstance(model, fx.GraphModule):  # copies take along only what is named here
        model.meta["_user_preserved_attributes"] = {"report": report}
    return model


def weight_shape(module: Any) -> tuple[int, ...]:
    """Return the shape of a module's weight, () if it has none."""
    weight = getattr(module, "weight", None)
    return tuple(weight.shape) if isinstance(weight, Tensor) else ()


def why_kept(analysis: Analysis, node: fx.Node) -> str:
    """Return why outputs of a layer that do not matter were kept, "" if all that stay matter."""
    name = str(node.target)
    if name in analysis.whole:
        return f"kept whole: it {analysis.whole[name]}"
    x, keep = analysis.channels[node], analysis.keep[node]
    idle = analysis.classes[x.ids[keep & (x.constant | ~analysis.needed[node])]]
    reasons = Counter(_reason(analysis, number) for number in idle.tolist())
    kept = ", ".join(f"{n} for {reason}" for reason, n in reasons.items())
    parts = [f"outputs kept that are constant or not read: {kept}"] if kept else []
    entry = analysis.found[node]
    if isinstance(entry.rule, LinearMap) and not entry.inputs:
        unread = int((~entry.rule.reads.any(0)).sum())
        parts += [f"{unread} inputs without weights kept: it is given them whole"] if unread else []
    return "; ".join(parts)


def _reason(analysis: Analysis, number: int) -> str:
    if number in analysis.pins:
        return analysis.pins[number]
    if analysis.busy[number]:
        return "a sum with channels that are neither"
    return "constants at a padded border, or lest none is left"


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
