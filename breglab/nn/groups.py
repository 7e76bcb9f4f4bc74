"""Param groups for a network: which of its parameters are regularised, and by what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from torch import nn

from breglab.geometry import Functional, Zero
from breglab.nn._aligned import aligned
from breglab.nn.regularizers import check_fits, encode
from breglab.nn.weights import Entry, matcher, parameters_of

FREE = "free"
"""Name of the param group without a regulariser."""


class Route(NamedTuple):
    """Where one parameter went.

    Attributes
    ----------
    name : str
        Of the parameter; a tied one has all its names, joined by equals signs.
    kind : str
        As of `breglab.nn.weights.parameters_of`.
    shape : tuple of int
        Of the parameter.
    group : str
        Name of its param group.
    regularizer : Functional
        J of its param group.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    group: str
    regularizer: Functional


class ParameterGroups(list[dict[str, Any]]):
    """Param groups for an optimizer; `print` shows what went where.

    Parameters
    ----------
    groups : iterable of dict
        The param groups.
    routes : tuple of Route
        One for each parameter, in the order of the model.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], routes: tuple[Route, ...]) -> None:
        super().__init__(groups)
        self.routes = routes

    def __str__(self) -> str:
        rows = [("parameter", "shape", "group", "regularizer")]
        for r in self.routes:
            if r.group != FREE:
                shape = " x ".join(map(str, r.shape))
                rows.append((r.name, shape, r.group, _words(r.regularizer)))
        free = Counter(r.kind for r in self.routes if r.group == FREE)
        counts = ", ".join(f"{number} of kind {kind!r}" for kind, number in free.items())
        return "\n".join([*aligned(rows), f"free: {counts or 'none'}"])


def _words(J: Functional) -> str:
    """Return ``GroupL12('kernels', lam=0.1)``, explicit groups left out."""
    entries = encode(J)
    numbers = [f"{key}={entries[key]:g}" for key in ("lam", "lam_group") if entries[key]]
    layout = [repr(J.groups)] if getattr(J, "layout", None) is not None else []  # type: ignore[attr-defined]
    return f"{entries['regularizer']}({', '.join(layout + numbers)})"


def sparse_parameter_groups(
    model: nn.Module,
    *,
    linear: Functional | None = None,
    conv: Functional | None = None,
    conv_transpose: Functional | None = None,
    embedding: Functional | None = None,
    recurrent: Functional | None = None,
    named: Mapping[str, Functional | None] | None = None,
    exclude: Iterable[str] = (),
    split: bool = False,
) -> ParameterGroups:
    """Return param groups in which the weights of each kind of layer have their regulariser.

    Norms, biases, and weights of modules of other kinds are free: they are in a group with
    `Zero`, trained and not regularised. So are all that `exclude` names. Frozen parameters
    (``requires_grad=False``) are in no group. A tied parameter is in one group, by the module that
    comes first.

    Parameters
    ----------
    model : Module
        The network.
    linear : Functional, optional
        J for linear and bilinear layers and for the projections of attention.
    conv : Functional, optional
        J for convolutions, weights ``(out, in, *kernel)``.
    conv_transpose : Functional, optional
        J for transposed convolutions, weights ``(in, out, *kernel)``: the groups ``"columns"``
        are what filters are for convolutions.
    embedding, recurrent : Functional, optional
        J for embeddings, and for recurrent layers and cells.
    named : mapping, optional
        From names of parameters or modules, which may have the wildcards of the shell, to J or
        None; the first that matches a parameter counts, whatever its kind.
    exclude : iterable of str
        Such names of parameters that are to be free.
    split : bool
        Whether each regularised tensor gets a group of its own, named like it, so that each can
        have its own lam.

    Returns
    -------
    ParameterGroups
        A list of param groups with the entries ``"params"``, ``"name"`` and those of the
        regulariser, the free group last; groups that would be empty are left out.

    Raises
    ------
    TypeError
        If the model is no module, or a regulariser is none.
    ValueError
        If a name matches nothing, or a regulariser does not fit the shape of a parameter.

    Examples
    --------
    >>> import torch
    >>> from breglab.geometry import L1, GroupL12
    >>> from breglab.nn import LinBreg
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    >>> groups = sparse_parameter_groups(model, linear=L1(0.1), conv=GroupL12("kernels", 0.1))
    >>> optimizer = LinBreg(groups, lr=0.1, regularizer=None)
    """
    by_kind = {
        "linear": linear,
        "conv": conv,
        "conv_transpose": conv_transpose,
        "embedding": embedding,
        "recurrent": recurrent,
    }
    by_name = dict(named or {})
    entries = parameters_of(model)
    excluded = matcher(exclude, "exclude", entries)
    choose = matcher(by_name, "named", entries)
    groups: dict[tuple[bool, str], dict[str, Any]] = {}
    routes = []
    for entry in entries:
        if not entry.parameter.requires_grad:
            continue
        pattern = choose(entry)
        J = by_name[pattern] if pattern else by_kind.get(entry.kind)
        J = Zero() if J is None or excluded(entry) else J
        if isinstance(J, Zero):
            pattern, group = "", FREE
        else:
            group = entry.name if split else pattern or entry.kind
        routes.append(_route(entry, group, J))
        empty = {"params": [], "name": group, **encode(J)}
        # A name may be that of a kind: the model's own layer "conv" is not all convolutions.
        groups.setdefault((bool(pattern), group), empty)["params"].append(entry.parameter)
    in_order = sorted(groups.values(), key=lambda group: group["name"] == FREE)
    return ParameterGroups(in_order, tuple(routes))


def _route(entry: Entry, group: str, J: Functional) -> Route:
    encode(J)
    try:
        check_fits(J, entry.parameter)
    except (TypeError, ValueError) as error:
        raise type(error)(f"regularizer of {entry.name!r}: {error}") from None
    name = " = ".join((entry.name, *entry.aliases))
    return Route(name, entry.kind, tuple(entry.parameter.shape), group, J)
