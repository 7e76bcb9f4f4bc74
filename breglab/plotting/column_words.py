"""What the columns of a training record are called in figures."""

from __future__ import annotations

PERCENT = 100.0
DENSITY = "density/"
"""Before the name of a layer."""
_SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}
_WORDS = {
    "lr": ("Step size", ""),
    "lam": ("Weight lam of the regulariser", ""),
    "J": ("Regulariser J", ""),
    "bregman": ("Bregman distance to the last iterate", ""),
    "density": ("Density", "percent of weights"),
    "flops_saved": ("Operations saved", "percent"),
    "seconds": ("Time", "seconds"),
    "skipped": ("Steps left out", ""),
}
_MEASURES = {
    "loss": ("loss", ""),
    "accuracy": ("accuracy", "percent"),
    "psnr": ("signal-to-noise ratio", "dB"),
}
_SHARES = ("density", "flops_saved", "accuracy")


def words_of(name: str) -> tuple[str, str]:
    """Return the words for a column, and its unit, empty if it has none.

    Parameters
    ----------
    name : str
        As `breglab.nn.Recorder` and `breglab.nn.training.train` have it; others are words already.
    """
    if name in _WORDS:
        return _WORDS[name]
    kind, slash, layer = name.partition("/")
    if slash and kind == "density":
        return f"Density of {layer}", "percent of weights"
    if slash and kind == "rows":
        return f"Living rows of {layer}", ""
    split, _, measure = name.partition("_")
    if not measure:
        split, measure = "", name
    words, unit = _MEASURES.get(measure, (measure.replace("_", " "), ""))
    text = f"{_SPLITS.get(split, split)} {words}".strip()
    return text[:1].upper() + text[1:], unit


def unit_of(columns: object) -> str:
    """Return what the column ``step`` of a record counts, steps unless the record says."""
    return str(getattr(columns, "unit", "step"))


def factor_of(name: str) -> float:
    """Return 100 for shares, which are drawn in percent, and 1 for everything else."""
    return PERCENT if name.partition("/")[0].endswith(_SHARES) else 1.0
