"""Semidefinite worst cases against closed forms that were derived by hand."""

from __future__ import annotations

import math

import pytest

from breglab.theory.worst_case import (
    bregman_rate,
    distance_decay,
    loss_decay,
    noise_term,
    norm_decay,
    norm_decay_range,
)

pytest.importorskip("PEPit")

ACCURACY = 1e-6  # the solver stops at 1e-8 of problems of size one


@pytest.mark.parametrize(("L", "delta", "tau"), [(1, 1, 0.5), (2.0, 0.5, 1.9), (1, 1, 2.0)])
def test_the_constant_of_theorem_2_is_two_minus_delta_L_tau(L, delta, tau):
    C = 2.0 - delta * L * tau
    above = loss_decay(L=L, delta=delta, tau=tau, C=C + 0.05)
    assert above.value == pytest.approx(0.05 / (2 * delta * tau), abs=ACCURACY)
    assert above.sharp == pytest.approx(0.05 / (2 * delta * tau), abs=1e-12)
    assert loss_decay(L=L, delta=delta, tau=tau, C=C).value == pytest.approx(0.0, abs=ACCURACY)


def test_the_proof_of_theorem_2_is_the_descent_inequality_alone():
    used = loss_decay(L=1.0, delta=1.0, tau=0.5, C=1.55).multipliers
    proof = {name: m for name, m in used.items() if not name.startswith("|") and m > 1e-3}
    # Multipliers are accurate to a root of what values are.
    assert proof == pytest.approx({"loss 0 1": 1.0}, abs=math.sqrt(ACCURACY))


@pytest.mark.parametrize("c", [0.0, 0.5, 1.0, 1.5, 4.0])
def test_the_noise_term_is_phi_of_c(c):
    found = noise_term(L=1.0, delta=0.5, tau=0.8, c=c)
    phi = 1 - c / 2 if c <= 1 else 1 / (2 * c)
    assert found.value == pytest.approx(phi * 0.4, abs=ACCURACY)
    assert found.sharp == pytest.approx(phi * 0.4, abs=1e-15)
    assert found.printed >= found.value - ACCURACY
    assert (found.printed > found.value + 1e-3) == (c < 1)


@pytest.mark.parametrize(("kappa", "end"), [(2 / 3, 1.79129), (0.25, 1.89898), (0.1, 1.95445)])
def test_the_exact_range_of_the_decay_estimate(kappa, end):
    found = norm_decay_range(kappa)
    assert found.value == pytest.approx(end, abs=1e-5)
    assert found.value == pytest.approx(found.sharp, abs=ACCURACY)
    a = found.sharp
    assert 2 - a == pytest.approx(kappa / 2 * (1 - a) ** 2, abs=1e-14)
    assert found.printed == kappa / 2


def test_the_multipliers_at_the_end_of_the_range_are_those_of_the_symbolic_proof():
    found = norm_decay_range(0.25)
    b = found.sharp - 1.0
    expected = {"loss * 0": (1 + b) / b, "loss 0 *": (1 + b) / b, "map 1 0": 1 / b}
    expected["map 0 1"] = (1 - b) / b
    for name, multiplier in expected.items():
        assert found.multipliers[name] == pytest.approx(multiplier, abs=1e-3)


def test_the_decay_estimate_holds_in_the_printed_range_and_fails_beyond_the_exact_one():
    inside = norm_decay(L=2.0, mu=0.5, delta=0.5, tau=0.5 / (2 * 0.5 * 4))
    assert inside.value < -0.01
    assert norm_decay(L=1.0, mu=0.25, delta=1.0, tau=1.91).value > 1e-3


@pytest.mark.parametrize(
    ("mu", "tau"), [(0.25, 0.1), (0.25, 0.5), (0.25, 1.6), (0.25, 1.9), (0.7, 1.0), (0.25, 2.0)]
)
def test_the_sharp_decay_of_the_distance(mu, tau):
    found = distance_decay(L=1.0, mu=mu, delta=1.0, tau=tau)
    rho = min(mu * (1 - tau * mu / 2), 1 - tau / 2)
    assert found.value == pytest.approx(-tau * rho, abs=ACCURACY)
    assert found.sharp == pytest.approx(-tau * rho, abs=1e-15)


def test_the_decay_of_the_distance_scales():
    """With theta in other units only delta L tau and mu/L matter, and the size of L tau."""
    found = distance_decay(L=5.0, mu=1.0, delta=0.3, tau=0.4)
    assert found.value == pytest.approx(found.sharp, abs=ACCURACY)
    unit = distance_decay(L=1.0, mu=0.2, delta=1.0, tau=0.6)
    assert found.value == pytest.approx(unit.value / 0.3, abs=10 * ACCURACY)


@pytest.mark.parametrize(
    ("nu", "tau"), [(0.5, 0.1), (0.5, 0.5), (0.5, 1.0), (0.5, 1.5), (0.1, 0.5), (0.9, 0.7)]
)
def test_the_factor_with_the_assumption_at_the_current_point_alone(nu, tau):
    found = bregman_rate(L=1.0, nu=nu, delta=1.0, tau=tau, assumption="current")
    if tau <= 1:
        sharp = 1 - tau * nu - tau * (1 - tau) * (1 - math.sqrt(1 - nu)) ** 2
    else:
        sharp = 1 - tau * nu * (2 - tau)
    assert found.value == pytest.approx(sharp, abs=ACCURACY)
    assert found.sharp == pytest.approx(sharp, abs=1e-14)
    assert found.printed == pytest.approx(1 - tau * nu + 2 * tau**2)
    assert found.ratio == pytest.approx(found.value / found.printed)
