"""The statements whose certificates are kept with the package, and how each was searched for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from breglab._checks import choice
from breglab.theory.certificates.certificate import Certificate, Statement
from breglab.theory.certificates.pipeline import certify

Number = Fraction | int | str


@dataclass(frozen=True)
class Search:
    """A statement with the inequalities that its proof may use, and the bound where it is known.

    Attributes
    ----------
    statement : Statement
        What is bounded.
    inequalities : tuple of str
        See `certify`.
    bound : Fraction or None
        The closed form; None where the bound is the semidefinite optimum, rounded up.
    row : str
        Row of the claim.
    """

    statement: Statement
    inequalities: tuple[str, ...]
    bound: Fraction | None
    row: str

    def run(self) -> Certificate:
        """Search for the certificate; see `certify` for what it raises."""
        return certify(self.statement, self.inequalities, bound=self.bound)


def catalogue() -> dict[str, Search]:
    """Return every search by the name of its statement."""
    searches = (
        *_loss_decay(),
        *_distance_decay(),
        *_norm_decay(),
        *_bregman_rate(),
        *_convex_rate(),
    )
    return {search.statement.name: search for search in searches}


def find(name: str) -> Certificate:
    """Search for the certificate of a statement of the catalogue.

    Raises
    ------
    ValueError
        If the name is unknown.
    ImportError
        If cvxpy is not installed.
    """
    searches = catalogue()
    choice(name, "name", tuple(searches))
    return searches[name].run()


def every_pair(kind: str, steps: int, star: str = "to") -> tuple[str, ...]:
    """Return the inequalities of a kind between theta^0, ..., theta^N and theta*.

    `star` says whether theta* may be on both sides (``"both"``) or has no dual variable, so that
    inequalities go to it only (``"to"``). For convex losses and maps they are those of Taylor,
    Hendrickx and Glineur, Math. Program. 161 (2017).

    Parameters
    ----------
    kind : str
        Of the inequalities.
    steps : int
        N.
    star : {"to", "both"}
        See above.
    """
    labels = ("*", *map(str, range(steps + 1)))
    pairs = permutations(labels, 2)
    return tuple(f"{kind} {i} {j}" for i, j in pairs if j != "*" or star == "both")


def _loss_decay() -> tuple[Search, ...]:
    # D_phi^sym is D_J^sym + |Delta|^2/delta: this is (3.5) with C = 2 - delta L tau, every delta.
    return (
        _search("loss-decay", "19", {"loss 1": 1, "loss 0": -1, "symmetric 0": 2}, "increment 0",
                ("descent 1 0",), Fraction(1, 2), tau="1/2"),
        _search("loss-decay-momentum-weight", "19",
                {"loss 1": 1, "loss 0": -1, "symmetric 0": "8/5"}, "increment 0",
                ("descent 1 0",), Fraction(3, 2), tau="5/4", beta="1/2", L=3),
    )  # fmt: skip


def _distance_decay() -> tuple[Search, ...]:
    between = ("loss * 0", "loss 0 *", "map 1 0")
    falls: dict[str, Number] = {"d 1": 1, "d 0": -1}
    return (
        _search("distance-decay-small-steps", "35", falls, "error 0", between,
                Fraction(-15, 128), tau="1/2", mu="1/4"),
        _search("distance-decay-large-steps", "35", falls, "error 0", between,
                Fraction(-19, 200), tau="19/10", mu="1/4"),
        _search("distance-decay-scaled", "35", falls, "error 0", between,
                Fraction(-9, 25), tau="3/5", mu="2/3", delta="1/2", L=3),
        _search("distance-decreases", "37", falls, "gradient 0", between,
                Fraction(-3, 8), tau="3/2", mu=0),
    )  # fmt: skip


def _norm_decay() -> tuple[Search, ...]:
    between = ("loss * 0", "loss 0 *", "map 1 0", "map 0 1")
    full = (*every_pair("loss", 1, "both"), *every_pair("map", 1))
    return (
        _norm("norm-decay-printed-range", Fraction(1, 4), Fraction(1, 8), full),
        _norm("norm-decay-quarter", Fraction(1, 4), Fraction(1898, 1000), between),
        _norm("norm-decay-two-thirds", Fraction(2, 3), Fraction(1791, 1000), between),
        _norm("norm-decay-tenth", Fraction(1, 10), Fraction(1954, 1000), between),
    )


def _norm(name: str, mu: Fraction, tau: Fraction, inequalities: tuple[str, ...]) -> Search:
    falls: dict[str, Number] = {"d 1": 1, "d 0": -1}
    return _search(name, "34", falls, "error 1", inequalities, -mu * tau / 4, tau=tau, mu=mu)


def _bregman_rate() -> tuple[Search, ...]:
    at_current = ("A5 * 0", "loss 0 *", "map 1 0")
    return (
        _search("rate-sharp", "44", {"d 1": 1}, "d 0", at_current, Fraction(1, 2),
                tau=1, mu=0, nu="1/2"),
        _search("rate-refined", "44", {"d 1": 1}, "d 0", (*at_current, "map * 0"), Fraction(9, 16),
                tau="1/2", mu=0, nu="3/4"),
        _search("rate-sharp-large-step", "44", {"d 1": 1}, "d 0", (*at_current, "loss * 0"),
                Fraction(5, 8), tau="3/2", mu=0, nu="1/2"),
        _rate("rate-one-point", "1/2", "1/2"),
        _rate("rate-one-point-longer-step", "1/2", 1),
        _rate("rate-one-point-weak", "1/10", 1),
        _rate("rate-full", "1/2", "1/2", full=True),
        _rate("rate-full-large-step", "1/2", "3/2", full=True),
        _rate("rate-two-steps", "1/2", "3/2", steps=2),
    )  # fmt: skip


def _rate(name: str, nu: Number, tau: Number, *, steps: int = 1, full: bool = False) -> Search:
    star = "both" if full else "to"
    assumption = every_pair("A5", steps, star)
    if not full:
        assumption = tuple(text for text in assumption if text.startswith("A5 *"))
    allowed = (*assumption, *every_pair("loss", steps, "both"), *every_pair("map", steps, star))
    return _search(
        name, "44", {f"d {steps}": 1}, "d 0", allowed, None, steps=steps, tau=tau, mu=0, nu=nu
    )


def _convex_rate() -> tuple[Search, ...]:
    return (
        _convex("convex-rate-one-step", {"loss 1": 1}, 1),
        _convex("convex-rate-two-steps", {"loss 2": 1}, 2),
        _convex("convex-rate-three-steps", {"loss 3": 1}, 3),
        _convex("momentum-two-steps", {"loss 2": 1}, 2, "1/2"),
        _convex("momentum-increase", {"loss 2": 1, "loss 1": -1}, 2, "1/2"),
    )


def _convex(name: str, lhs: dict[str, Number], steps: int, beta: Number = 0) -> Search:
    allowed = (*every_pair("loss", steps, "both"), *every_pair("map", steps))
    return _search(name, "X1" if beta else "X5", lhs, "d 0", allowed, None, steps=steps,
                   tau=1, mu=0, beta=beta)  # fmt: skip


def _search(
    name: str,
    row: str,
    lhs: dict[str, Number],
    reference: str,
    inequalities: tuple[str, ...],
    bound: Fraction | None,
    *,
    steps: int = 1,
    **parameters: Number,
) -> Search:
    given: dict[str, Number] = {"beta": 0, "L": 1} | parameters
    if any(name.startswith("map") for name in inequalities):
        given = {"delta": 1} | given
    statement = Statement(
        name,
        steps,
        {key: Fraction(number) for key, number in given.items()},
        {key: Fraction(number) for key, number in lhs.items()},
        reference,
    )
    return Search(statement, inequalities, bound, row)
