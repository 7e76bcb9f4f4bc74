"""Sharded parameters: groups that are cut, and what looks at whole tensors."""

import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
from distributed_cases import (  # noqa: E402
    ENTRIES,
    GROUPS,
    OPTIMIZERS,
    groups,
    largest_difference,
    needs_fsdp,
    network,
    same_support,
    sharded,
    train,
    weights,
)
from ranks import Ranks  # noqa: E402
from torch.distributed.device_mesh import init_device_mesh  # noqa: E402
from torch.distributed.tensor import Replicate, Shard, distribute_tensor  # noqa: E402

from breglab.geometry import L1, GroupL12, NonNegativeL1, Nuclear, SparseGroup  # noqa: E402
from breglab.nn import AdaBreg  # noqa: E402
from breglab.nn.density import density, share_of_nonzeros  # noqa: E402
from breglab.nn.distances import bregman_distance, regularizer_value, subgradients  # noqa: E402
from breglab.nn.regularizers import prox, subgradient  # noqa: E402
from breglab.nn.schedules import FeedbackLambda, QuantileLambda  # noqa: E402

LABELS = [i // 9 - 1 for i in range(60)]  # across rows and shards; label -1 is free
# Of matrices 10 x 6: two ranks hold 5 rows each, three hold 4, 4 and 2.
MATRIX = {
    "rows": (GroupL12("rows", 0.4), 0),
    "columns": (GroupL12("columns", 0.3), 1),
    "heads of 5 rows": (GroupL12(("heads", 2), 0.2), {2: 0, 3: 1}),
    "heads of 2 rows": (GroupL12(("heads", 5), 0.3), {2: 1, 3: 0}),
    "blocks": (GroupL12(("blocks", (2, 3)), 0.3), {2: 1, 3: 0}),
    "sparse blocks": (SparseGroup(("blocks", (10, 2)), 0.1, 0.2), 1),
    "explicit": (GroupL12(LABELS, 0.3), None),
    "nuclear": (Nuclear(1.5), None),
    "l1": (L1(0.3), 0),
    "nonnegative l1": (NonNegativeL1(0.3), 0),
}
# Of kernels 4 x 5 x 3: the third of three ranks has none.
KERNEL = {
    "rows": (GroupL12("rows", 0.4), 0),
    "columns": (GroupL12("columns", 0.3), 1),
    "kernels": (GroupL12("kernels", 0.4), 0),
    "filters": (SparseGroup("filters", 0.2, 0.3), 0),
    "heads": (GroupL12(("heads", 2), 0.3), 0),
}
NUMBERS = (2, 3)


@pytest.fixture(scope="module")
def ranks():
    pools = {number: Ranks(number) for number in NUMBERS}
    yield pools
    for pool in pools.values():
        pool.close()


def tensor(shape):
    """Return a tensor with small groups of all kinds: the upper half, and every other column."""
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(shape, generator=rng, dtype=torch.float64)
    x[: shape[0] // 2] *= 0.01
    x[:, ::2] *= 0.01
    return x


# ---------------------------------------------------------------- the map of shards


def shrunk(J, x, placements, mesh_shape):
    """Return prox and subgradient of a cut tensor, and how many sums over processes there were."""
    mesh = init_device_mesh("cpu", mesh_shape)
    cut, sums = distribute_tensor(x, mesh, placements), []
    own = dist.all_reduce
    try:
        dist.all_reduce = lambda *a, **k: (sums.append(1), own(*a, **k))[1]
        result = prox(J, cut)
    finally:
        dist.all_reduce = own
    assert result.placements == cut.placements
    assert result.to_local().shape == cut.to_local().shape
    theta = result.abs() if isinstance(J, NonNegativeL1) else result
    direction = subgradient(J, theta)
    assert direction.placements == cut.placements
    return result.full_tensor(), direction.full_tensor(), len(sums)


def check(answers, J, x, sums):
    expected = prox(J, x)
    assert int((expected == 0).sum()) > 0 or isinstance(J, Nuclear)
    assert int((expected != 0).sum()) > 0
    theta = expected.abs() if isinstance(J, NonNegativeL1) else expected
    for result, direction, counted in answers:
        torch.testing.assert_close(result, expected, rtol=1e-13, atol=1e-13)
        assert isinstance(J, Nuclear) or torch.equal(result != 0, expected != 0)
        torch.testing.assert_close(direction, subgradient(J, theta), rtol=1e-12, atol=1e-12)
        assert sums is None or counted == sums


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", MATRIX)
def test_the_prox_of_shards_is_that_of_the_matrix(ranks, number, name):
    J, sums = MATRIX[name]
    x = tensor((10, 6))
    answers = ranks[number](shrunk, J, x, [Shard(0)], (number,))
    check(answers, J, x, sums[number] if isinstance(sums, dict) else sums)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", KERNEL)
def test_the_prox_of_shards_is_that_of_the_kernels(ranks, number, name):
    J, sums = KERNEL[name]
    x = tensor((4, 5, 3))
    check(ranks[number](shrunk, J, x, [Shard(0)], (number,)), J, x, sums)


PLACEMENTS = {
    "replicas of shards": ([Replicate(), Shard(0)], (1, 2), {"columns": 1, "kernels": 0}),
    "second axis": ([Replicate(), Shard(1)], (1, 2), {"columns": 0, "kernels": 0}),
    "third axis": ([Shard(2)], (2,), {"columns": 1, "kernels": 1}),
    "two axes": ([Shard(1), Shard(0)], (1, 2), {"columns": 1, "kernels": 0}),
    "one axis twice": ([Shard(0), Shard(0)], (1, 2), {"columns": 0, "kernels": 0}),
    "replicas": ([Replicate()], (2,), {"columns": 0, "kernels": 0}),
}


@pytest.mark.parametrize("where", PLACEMENTS)
@pytest.mark.parametrize("name", ["columns", "kernels"])
def test_shards_may_lie_in_other_ways(ranks, where, name):
    placements, mesh, sums = PLACEMENTS[where]
    x = tensor((4, 5, 3))
    J = KERNEL[name][0]
    check(ranks[2](shrunk, J, x, placements, mesh), J, x, sums[name])


# ---------------------------------------------------------------- training


def stepped(name, J, steps):
    model = sharded(network(), dist.get_world_size())
    optimizer = OPTIMIZERS[name](groups(model, J))
    train(model, optimizer, range(steps), dist.get_rank(), dist.get_world_size())
    return weights(model)


CUT = (GroupL12("columns", 0.05), SparseGroup("columns", 0.02, 0.03))


@needs_fsdp
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    ("number", "J"),
    [(2, ENTRIES), (3, GROUPS), (2, CUT), (3, CUT)],
    ids=["l1, 2 ranks", "groups, 3 ranks", "sparse groups, 2 ranks", "sparse groups, 3 ranks"],
)
def test_sharded_networks_make_the_steps_of_one_process(ranks, number, name, J):
    one = network()
    start = weights(one)
    train(one, OPTIMIZERS[name](groups(one, J)), range(15))
    expected = weights(one)
    assert not same_support(start, expected)
    assert any((w == 0).any() for w in expected)
    for result in ranks[number](stepped, name, J, 15):
        assert largest_difference(result, expected) <= 1e-12
        assert same_support(result, expected)


def looked_at(shards):
    """Return what is measured of a network, and the lam that controllers arrive at."""
    model = network()
    if shards:
        sharded(model, dist.get_world_size())
    optimizer = OPTIMIZERS["LinBreg"](groups(model, GROUPS))
    place = (dist.get_rank(), dist.get_world_size()) if shards else (0, 1)
    train(model, optimizer, range(5), *place)
    before = subgradients(optimizer)
    control = FeedbackLambda(optimizer, target_density=0.3, rate=1.0, groups=[0])
    quantile = QuantileLambda(optimizer, density=0.4, groups=[1])
    for step in range(5, 10):
        control.step()
        quantile.step()
        train(model, optimizer, [step], *place)
    found = density(model)
    return {
        "density": found.entries,
        "rows": [layer.rows for layer in found.layers],
        "share": share_of_nonzeros(model.parameters()),
        "J": regularizer_value(optimizer),
        "distance": bregman_distance(optimizer, before),
        "lam": [group["lam"] for group in optimizer.param_groups],
    }


@needs_fsdp
@pytest.mark.parametrize("number", NUMBERS)
def test_densities_distances_and_controllers_see_whole_tensors(ranks, number):
    expected = looked_at(False)
    assert 0 < expected["density"] < 1
    assert expected["distance"] > 0
    for found in ranks[number](looked_at, True):
        exact = ("density", "rows", "share")
        assert {key: found[key] for key in exact} == {key: expected[key] for key in exact}
        for key in ("J", "distance", "lam"):
            assert found[key] == pytest.approx(expected[key], rel=1e-10)


def with_a_nan(nonfinite):
    """Make a step with a NaN in the shard of the last rank; return whether anything moved."""
    model = sharded(network(), dist.get_world_size())
    optimizer = AdaBreg(groups(model, ENTRIES), 0.01, None, nonfinite=nonfinite)
    before = weights(model)
    model(torch.ones(2, 1, 6, 6, dtype=torch.float64)).sum().backward()
    if dist.get_rank() == dist.get_world_size() - 1:
        model[5].weight.grad.to_local()[0, 0] = float("nan")
    try:
        optimizer.step()
    except FloatingPointError as error:
        return str(error)
    return optimizer.skipped, largest_difference(before, weights(model))


@needs_fsdp
def test_all_ranks_see_a_gradient_that_is_not_finite(ranks):
    assert ranks[2](with_a_nan, "skip") == [(1, 0.0)] * 2
    first, second = ranks[2](with_a_nan, "raise")
    assert first == second
    assert "1 of 8 parameters (shapes (10, 36))" in first
