"""Products of a sparse weight and their gradients: those of the masked dense layer."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from breglab.nn.sparse import compiled as engine  # noqa: E402
from breglab.nn.sparse.costs import Costs, costs  # noqa: E402
from breglab.nn.sparse.pattern import Pattern  # noqa: E402
from breglab.nn.sparse.products import on_all, on_support  # noqa: E402

ENGINES = [False, *([True] if importlib.util.find_spec("numba") else [])]
engines = pytest.mark.parametrize("compiled", ENGINES, ids=["torch", "numba"][: len(ENGINES)])


def case(n_out, n_in, density, seed, lead=(5,), bias=True):
    """Return a support and float64 tensors x, W (zero outside), b, g."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=rng, dtype=torch.float64)

    support = torch.rand(n_out, n_in, generator=rng) < density
    support[seed % n_out] = False  # a row that is empty
    b = normal(n_out) if bias else None
    return support, normal(*lead, n_in), normal(n_out, n_in) * support, b, normal(*lead, n_out)


def leaves(*tensors):
    return [None if t is None else t.clone().requires_grad_() for t in tensors]


@engines
@settings(deadline=None, max_examples=40)
@given(
    n_out=st.integers(1, 12),
    n_in=st.integers(1, 40),
    density=st.sampled_from([0.0, 0.2, 0.6, 1.0]),
    seed=st.integers(0, 2**32 - 1),
    bias=st.booleans(),
    lead=st.sampled_from([(), (1,), (7,), (2, 3), (2, 1, 3), (0,)]),
)
def test_gradients_are_those_of_the_masked_dense_layer(
    compiled, n_out, n_in, density, seed, bias, lead
):
    support, x, weight, b, g = case(n_out, n_in, density, seed, lead, bias)
    pattern = Pattern.of(support, compiled)
    (x0, w0, b0), (x1, w1, b1), (x2, b2) = leaves(x, weight, b), leaves(x, weight, b), leaves(x, b)
    (values,) = leaves(pattern.gather(weight))
    expected = nn.functional.linear(x0, w0, b0)
    full = on_all(x1, w1, b1, pattern, pattern.gather(weight))
    frozen = on_support(x2, values, b2, pattern)
    close = {"rtol": 1e-13, "atol": 1e-13}  # sums of at most 40 products of about 1
    for out in (full, frozen):
        torch.testing.assert_close(out, expected, **close)
    for out in (expected, full, frozen):
        (out * g).sum().backward()
    torch.testing.assert_close(x1.grad, x0.grad, **close)
    torch.testing.assert_close(x2.grad, x0.grad, **close)
    torch.testing.assert_close(w1.grad, w0.grad, **close)
    torch.testing.assert_close(values.grad, w0.grad[support], **close)
    if bias:
        torch.testing.assert_close(b1.grad, b0.grad, **close)
        torch.testing.assert_close(b2.grad, b0.grad, **close)


@engines
def test_inputs_need_not_be_contiguous(compiled):
    support, x, weight, b, g = case(9, 17, 0.4, 3, lead=(17,))
    pattern = Pattern.of(support, compiled)
    values = pattern.gather(weight)
    for seen in (x.T, x[:, torch.arange(17)], x[0].expand(4, 17), torch.cat([x, x])[::2]):
        expected = seen @ weight.T + b
        torch.testing.assert_close(on_support(seen, values, b, pattern), expected)
    (leaf,) = leaves(values)
    out = on_support(x, leaf, None, pattern)
    out.backward(g.T.contiguous().T)
    torch.testing.assert_close(leaf.grad, (g.T @ x)[support])


@engines
def test_what_needs_no_gradient_gets_none(compiled):
    support, x, weight, _, _ = case(6, 8, 0.5, 1)
    pattern = Pattern.of(support, compiled)
    values, half = pattern.gather(weight).float(), x.bfloat16()
    (leaf,) = leaves(half)
    out = on_support(leaf, values, None, pattern)
    # As automatic mixed precision leaves it: computed in the precision of the values.
    assert out.dtype == torch.float32
    out.sum().backward()
    assert leaf.grad.dtype == torch.bfloat16
    assert values.grad is None
    assert on_support(half, values, None, pattern).grad_fn is None


@given(
    n_out=st.integers(1, 9),
    n_in=st.integers(1, 9),
    density=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=40)
def test_patterns_hold_the_support_and_its_transpose(n_out, n_in, density, seed):
    support, _, weight, _, _ = case(n_out, n_in, density, seed)
    pattern = Pattern.of(support)
    assert torch.equal(pattern.gather(weight), weight[support])
    assert torch.equal(Pattern(pattern.rows, pattern.columns, pattern.shape).places, pattern.places)
    rows, columns, order = pattern.transposed
    values = torch.arange(1.0, 1.0 + len(order))
    dense = torch.zeros(n_out, n_in)
    dense[support] = values
    found = torch.zeros(n_in, n_out)
    for i in range(n_in):
        own = slice(int(rows[i]), int(rows[i + 1]))
        found[i, columns[own].long()] = values[order[own]]
    assert torch.equal(found, dense.T)
    assert pattern.density == float(support.double().mean())


@pytest.mark.skipif(len(ENGINES) == 1, reason="numba is not installed")
def test_threads_share_the_rows(monkeypatch):
    support, x, weight, b, g = case(31, 20, 0.5, 0)
    pattern = Pattern.of(support, True)
    (one,), (many,) = leaves(pattern.gather(weight)), leaves(pattern.gather(weight))
    alone = on_support(x, one, b, pattern)
    alone.backward(g)
    monkeypatch.setattr(engine, "GRAIN", 10)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    shared = on_support(x, many, b, pattern)
    shared.backward(g)
    assert torch.equal(shared, alone)
    assert torch.equal(one.grad, many.grad)


def test_break_even_is_where_a_phase_takes_the_same_time():
    found = Costs((10.0, 0.0), (1.0, 20.0), (2.0, 40.0))
    for m in (1, 7, 100):
        d = found.break_even(m)
        sparse = m * (1.0 + 20.0 * d) + 2.0 + 40.0 * d
        assert sparse == pytest.approx(10.0 * m)
    assert Costs((0.5, 0.0), (1.0, 20.0), (0.0, 0.0)).break_even(5) == 0.0
    assert Costs((99.0, 0.0), (1.0, 20.0), (0.0, 0.0)).break_even(5) == 1.0


def test_costs_are_lines_through_what_a_clock_says():
    times = iter([5.0, 1.0, 0.1, 3.0, 0.5])

    def clock(function):
        function()
        return next(times)

    found = costs(7, 9, 3, clock=clock)
    assert found.dense == (5.0, 0.0)
    for density, step, exchange in ((0.02, 1.0, 0.1), (0.1, 3.0, 0.5)):
        assert found.step[0] + found.step[1] * density == pytest.approx(step)
        assert found.exchange[0] + found.exchange[1] * density == pytest.approx(exchange)
    assert Costs.of(*map(list, found)) == found


def test_without_sparse_products_nothing_ever_pays():
    assert costs(5, 6, 2, dtype=torch.bfloat16).break_even(10) == 0.0


@engines
@pytest.mark.parametrize("shape", [(3, 5), (3, 7), (5,), ()], ids=str)
def test_inputs_of_another_width_are_refused(compiled, shape):
    support, _, weight, b, _ = case(4, 6, 0.5, 0)
    pattern = Pattern.of(support, compiled)
    values, x = pattern.gather(weight), torch.ones(shape, dtype=torch.float64)
    with pytest.raises(RuntimeError, match=r"x must have shape \(\.\.\., 6\), got \("):
        on_support(x, values, b, pattern)
    with pytest.raises(RuntimeError, match=r"x must have shape \(\.\.\., 6\), got \("):
        on_all(x, weight, b, pattern, values)
