"""Sparse training under DistributedDataParallel: two processes make the steps of one."""

from __future__ import annotations

import pytest

from breglab.geometry import L1

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
from frozen_cases import OPTIMIZERS, data, network, pair, train, weights  # noqa: E402
from ranks import Ranks  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402

from breglab.nn import sparse_parameter_groups, sparse_training  # noqa: E402
from breglab.nn.sparse.layers import FrozenLinear  # noqa: E402


@pytest.fixture(scope="module")
def ranks():
    pool = Ranks(2)
    yield pool
    pool.close()


def replicated(name, steps):
    rank, parts = dist.get_rank(), dist.get_world_size()
    model = network()
    wrapped = DistributedDataParallel(model, find_unused_parameters=True)
    groups = sparse_parameter_groups(model, linear=L1(0.05))
    optimizer, seen = OPTIMIZERS[name](groups, 4), 0
    with sparse_training(wrapped, optimizer, break_even=1.0):
        for step in range(steps):
            x, y = data(step)
            optimizer.zero_grad()
            seen += isinstance(model[0], FrozenLinear)
            nn.functional.cross_entropy(wrapped(x[rank::parts]), y[rank::parts]).backward()
            optimizer.step()
    return weights(model), seen


@pytest.mark.parametrize("name", ["LinBreg", "AdaBreg"])
def test_two_processes_make_the_steps_of_one(ranks, name):
    model, optimizer = pair(name, 4)
    expected = train(model, optimizer, range(18))[-1]
    (first, seen), (second, _) = ranks(replicated, name, 18)
    assert seen == 14
    torch.testing.assert_close(first, expected, rtol=0, atol=1e-12)
    assert torch.equal(first, second)


def refused(name):
    model = network()
    groups = sparse_parameter_groups(model, linear=L1(0.05))
    context = sparse_training(DistributedDataParallel(model), OPTIMIZERS[name](groups, 4))
    return context.dense


def test_without_a_look_for_unused_parameters_layers_stay_dense(ranks):
    found, _ = ranks(refused, "LinBreg")
    assert len(found) == 3
    assert all("find_unused_parameters=True" in why for why in found.values())
