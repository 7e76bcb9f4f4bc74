"""The symbols of one linearized Bregman step, and the quantities that proofs add up."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Expression, Term, sympy


class Step:
    """One step from theta^k, measured from theta* = 0, with the noise xi.

    Attributes
    ----------
    delta, tau, L, mu, nu : sympy symbol
        The parameters, positive.
    x, y : sympy symbol
        theta^k - theta* and theta^{k+1} - theta*.
    g, xi : sympy symbol
        Gradient of the loss at theta^k, and the noise that is added to it.
    p, p_next : sympy expression
        Subgradients of J; p_next follows from the rule ``v+ = v - tau (g + xi)``.

    Parameters
    ----------
    noise : bool
        Whether the gradient has noise.
    mark : str
        Added to the names of what depends on the noise: a second, independent copy of the step
        from the same point has another mark.
    """

    def __init__(self, *, noise: bool = False, mark: str = "") -> None:
        library = sympy()
        self.delta, self.tau, self.L, self.mu, self.nu = library.symbols(
            "delta tau L mu nu", positive=True
        )
        self.x, self.y, self.p, self.g = library.symbols(f"x y{mark} p g", real=True)
        self.xi = library.Symbol(f"xi{mark}", real=True) if noise else library.Integer(0)
        self.loss, self.loss_next, self.lowest = library.symbols(f"L_0 L_1{mark} L_*", real=True)
        self.J, self.J_next, self.J_star = library.symbols(f"J_0 J_1{mark} J_*", real=True)
        self.moved = self.y - self.x
        self.p_next = self.p - self.moved / self.delta - self.tau * (self.g + self.xi)

    @property
    def distance(self) -> Expression:
        """d_k, the Bregman distance of theta* to theta^k."""
        return self.J_star - self.J + self.p * self.x + self.x**2 / (2 * self.delta)

    @property
    def distance_next(self) -> Expression:
        """d_{k+1}."""
        return self.J_star - self.J_next + self.p_next * self.y + self.y**2 / (2 * self.delta)

    @property
    def relative(self) -> Expression:
        """Delta L tau, dimensionless."""
        return self.delta * self.L * self.tau

    @property
    def convex_J(self) -> Expression:
        """D_J^p(theta^{k+1}, theta^k)."""
        return self.J_next - self.J - self.p * self.moved

    @property
    def subgradient_change(self) -> Expression:
        """Half of delta |p^{k+1} - p^k|^2."""
        return self.delta / 2 * (self.p_next - self.p) ** 2

    def dual(self) -> tuple[Term, Term]:
        """Return what ``D_phi(theta^k, theta^{k+1}) <= delta tau^2 |g|^2/2`` gives away."""
        return (
            Term("J is convex", sympy().Integer(1), self.convex_J),
            Term("a square", sympy().Integer(1), self.subgradient_change),
        )

    def descent(self, weight: Expression) -> Term:
        """Return (3.3) from theta^k to theta^{k+1}."""
        linear = self.loss + self.g * self.moved
        value = linear + self.L / 2 * self.moved**2 - self.loss_next
        return Term("the gradient is L-Lipschitz (3.3)", weight, value)

    def interpolation(self, weight: Expression, mu: Expression) -> tuple[Term, Term]:
        """Return the two interpolation inequalities of the loss between theta* and theta^k."""
        L, x, g = self.L, self.x, self.g
        shared = g**2 / (2 * L) + mu / (2 * (1 - mu / L)) * (x - g / L) ** 2
        name = "the loss is mu-strongly convex with L-Lipschitz gradient"
        to_star = self.lowest - self.loss + g * x - shared
        return Term(name, weight, to_star), Term(name, weight, self.loss - self.lowest - shared)

    def assumption_5(self, weight: Expression, nu: Expression) -> Term:
        """Return (3.7) with theta* and theta^k."""
        value = self.lowest - self.loss + self.g * self.x - nu * self.distance
        return Term("Assumption 5 at theta*", weight, value)

    def gradient_bound(self, weight: Expression) -> Term:
        """Return ``L(theta^k) - L* >= |grad L(theta^k)|^2/(2L)``."""
        value = self.loss - self.lowest - self.g**2 / (2 * self.L)
        return Term("the gradient is L-Lipschitz, theta* a minimiser", weight, value)
