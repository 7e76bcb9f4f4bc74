"""Two and three processes: the steps of one, and checkpoints for any number of them."""

import os
import signal
import warnings

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
from torch import nn  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402
from training_cases import config, few  # noqa: E402

from breglab.nn import AdaBreg, distributed, training  # noqa: E402
from breglab.nn.training import Place  # noqa: E402

NUMBERS = (2, 3)
SETTINGS = config(
    data={"batch_size": 60},
    optimizer={"momentum": 0.5},
    training={"epochs": 2, "precision": "float64"},
)


@pytest.fixture(scope="module")
def ranks():
    pools = {number: Ranks(number) for number in NUMBERS}
    yield pools
    for pool in pools.values():
        pool.close()


def optimizer_of(model, name="AdaBreg", J=ENTRIES):
    return OPTIMIZERS[name](groups(model, J))


# ---------------------------------------------------------------- replicated networks


def replicated(name, J, steps):
    torch.manual_seed(dist.get_rank())
    model = network(seed=dist.get_rank())  # that of rank 0 counts
    place = distributed.Replicated()
    wrapped = place.wrap(model)
    train(wrapped, optimizer_of(model, name, J), range(steps), place.rank, place.parts)
    return weights(model)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", ["LinBreg", "AdaBreg"])
@pytest.mark.parametrize("J", [ENTRIES, GROUPS], ids=["l1", "groups"])
def test_replicated_networks_make_the_steps_of_one_process(ranks, number, name, J):
    one = network()
    start = weights(one)
    train(one, optimizer_of(one, name, J), range(20))
    expected = weights(one)
    assert not same_support(start, expected)
    assert any((w == 0).any() for w in expected)
    first, *others = ranks[number](replicated, name, J, 20)
    assert largest_difference(first, expected) <= 1e-12
    assert same_support(first, expected)
    assert all(largest_difference(first, other) == 0.0 for other in others)


# ---------------------------------------------------------------- training runs


def run(folder, settings, stop_at=None):
    place, images = distributed.Replicated(), few(280)

    def stop(steps, total, row):
        if steps == stop_at and place.rank == place.parts - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    done = training.train(settings, folder, images=images, on_progress=stop, place=place)
    return weights(done.model), done.final, done.recorder.rows, done.signal


def test_a_run_goes_on_with_another_number_of_processes_as_if_it_were_one(ranks, tmp_path):
    alone = training.train(SETTINGS, images=few(280))
    # Rank 1 is told to stop in the second of two epochs of three batches; both end at one step.
    stopped = ranks[2](run, tmp_path / "run", SETTINGS, 4)
    assert all(final == {} and len(rows) == 1 for _, final, rows, _ in stopped)
    assert [by for *_, by in stopped] == [signal.SIGTERM] * 2
    for model, final, rows, _ in ranks[3](run, tmp_path / "run", SETTINGS):
        assert largest_difference(model, weights(alone.model)) <= 1e-12
        assert final == pytest.approx(alone.final, rel=1e-10)
        for row, expected in zip(rows, alone.recorder.rows, strict=True):
            same = {key: expected[key] for key in expected.keys() - {"seconds"}}
            assert {key: row[key] for key in same} == pytest.approx(same, rel=1e-10)


def refused(folder):
    try:
        run(folder, SETTINGS.having({"optimizer.lr": 0.5}))
    except ValueError as error:
        return str(error)
    return None


def test_all_processes_hear_of_the_folder_of_another_run(ranks, tmp_path):
    training.train(SETTINGS.having({"training.epochs": 0}), tmp_path / "run", images=few(280))
    answers = ranks[2](refused, tmp_path / "run")
    assert all("holds a run with optimizer.lr" in answer for answer in answers)


def damaged(folder):
    try:
        distributed.Replicated().checkpoints(folder).latest()
    except ValueError as error:
        return str(error)
    return None


def test_all_processes_hear_of_damaged_checkpoints(ranks, tmp_path):
    (tmp_path / f"{5:010d}-{'0' * 32}.pt").write_bytes(b"nothing")
    answers = ranks[2](quietly, damaged, tmp_path)
    assert all("all 1 checkpoints in" in answer for answer in answers)


def quietly(function, *arguments):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the checkpoint .* is damaged")
        return function(*arguments)


# ---------------------------------------------------------------- joining processes


def test_without_torchrun_the_place_is_this_process():
    with distributed.processes() as place:
        assert (type(place), place.rank, place.parts) == (Place, 0, 1)
    with pytest.raises(RuntimeError, match="Replicated needs a process group"):
        distributed.Replicated()
    with pytest.raises(ValueError, match="timeout"), distributed.processes(timeout=0.0):
        pass


def test_processes_joins_what_torchrun_started_and_leaves_it(monkeypatch, tmp_path):
    names = {"TORCHELASTIC_RUN_ID": "1", "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
    for name, value in {**names, "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    with distributed.processes() as place:
        assert (type(place), place.rank, place.parts) == (distributed.Replicated, 0, 1)
        x = torch.ones(2)
        assert place.total(x) is not x
        model = network()
        assert isinstance(place.wrap(model), DistributedDataParallel)
        done = training.train(SETTINGS, tmp_path / "run", images=few(280), place=place)
        again = training.train(SETTINGS, tmp_path / "run", images=few(280), place=place)
        assert again.final == done.final
        assert damaged(tmp_path / "none") is None
        (tmp_path / f"{5:010d}-{'0' * 32}.pt").write_bytes(b"nothing")
        assert "all 1 checkpoints" in quietly(damaged, tmp_path)
    assert not dist.is_initialized()
    alone = training.train(SETTINGS, images=few(280))
    assert largest_difference(weights(done.model), weights(alone.model)) == 0.0


# ---------------------------------------------------------------- checkpoints


def built(kind, dtype=torch.float64):
    """Return a network that is sharded, replicated or whole, and its optimizer, lam not as set."""
    model = network(dtype, seed=7)
    called = model
    if kind == "sharded":
        called = sharded(model, dist.get_world_size())
    if kind == "replicated":
        called = DistributedDataParallel(model)
    return called, model, optimizer_of(model)


def saved(kind, folder, steps, dtype=torch.float64):
    torch.manual_seed(0)
    model = network(dtype)
    called = sharded(model, dist.get_world_size()) if kind == "sharded" else model
    optimizer = optimizer_of(model)
    parts = dist.get_world_size() if dist.is_initialized() else 1
    rank = dist.get_rank() if dist.is_initialized() else 0
    optimizer.param_groups[0]["lam"] = 0.05  # as a schedule would have set it
    optimizer.param_groups[1]["lr"] = 0.01
    train(called, optimizer, range(steps), rank, parts)
    distributed.save(folder, model, optimizer, {"steps": steps})
    return weights(model)


def loaded(kind, folder, steps, dtype=torch.float64):
    """Go on from a checkpoint; return what was read and where the steps lead to."""
    parts = dist.get_world_size() if dist.is_initialized() else 1
    rank = dist.get_rank() if dist.is_initialized() else 0
    called, model, optimizer = built(kind, dtype)
    extra = {"steps": 0}
    distributed.load(folder, called, optimizer, extra)
    begin = weights(model)
    train(called, optimizer, range(extra["steps"], steps), rank, parts)
    duals = {optimizer.dual(p).dtype for p in model.parameters()}
    return begin, weights(model), duals


FORMS = [("sharded", 2), ("sharded", 3), ("replicated", 2), ("whole", 1)]


@pytest.fixture(scope="module")
def checkpoint(ranks, tmp_path_factory):
    """Return a checkpoint of two ranks after five steps, and the weights at that moment."""
    folder = tmp_path_factory.mktemp("checkpoint") / "5"
    return folder, ranks[2](saved, "sharded", folder, 5)[0]


@pytest.fixture(scope="module")
def uninterrupted():
    model = network()
    optimizer = optimizer_of(model)
    optimizer.param_groups[0]["lam"], optimizer.param_groups[1]["lr"] = 0.05, 0.01
    train(model, optimizer, range(10))
    return weights(model)


@needs_fsdp
@pytest.mark.parametrize(("kind", "number"), FORMS)
def test_a_checkpoint_of_two_ranks_goes_on_in_any_form(
    ranks, checkpoint, uninterrupted, kind, number
):
    folder, then = checkpoint
    call = ranks[number] if number > 1 else lambda function, *arguments: [function(*arguments)]
    for begin, end, _ in call(loaded, kind, folder, 10):
        assert largest_difference(begin, then) == 0.0
        assert largest_difference(end, uninterrupted) <= 1e-12
        assert same_support(end, uninterrupted)


@needs_fsdp
def test_a_checkpoint_of_one_process_goes_on_in_three(ranks, uninterrupted, tmp_path):
    then = saved("whole", tmp_path / "5", 5)
    for begin, end, _ in ranks[3](loaded, "sharded", tmp_path / "5", 10):
        assert largest_difference(begin, then) == 0.0
        assert largest_difference(end, uninterrupted) <= 1e-12


@needs_fsdp
def test_duals_of_half_precision_parameters_stay_wide(ranks, tmp_path):
    half = torch.bfloat16
    model = network(half)
    optimizer = AdaBreg(groups(model, ENTRIES), 0.02, None)
    train(model, optimizer, range(3))
    distributed.save(tmp_path / "3", model, optimizer)
    # Two steps follow, so that they do only if nothing of the dual was lost.
    ends = ranks[2](wide, tmp_path / "3", half)
    expected = [optimizer.dual(p) for p in model.parameters()]
    assert {v.dtype for v in expected} == {torch.float32}
    assert any(largest_difference([v], [v.to(half)]) > 0 for v in expected)
    for duals in ends:
        assert {v.dtype for v in duals} == {torch.float32}
        assert largest_difference(duals, expected) == 0.0


def wide(folder, dtype):
    model = network(dtype, seed=7)
    called = sharded(model, dist.get_world_size())
    optimizer = AdaBreg(groups(model, ENTRIES), 0.02, None)
    distributed.load(folder, called, optimizer)
    return [optimizer.dual(p).full_tensor() for p in model.parameters()]


def test_checkpoints_are_neither_overwritten_nor_read_in_part(tmp_path):
    model = network()
    optimizer = optimizer_of(model)
    distributed.save(tmp_path / "0", model, optimizer)
    with pytest.raises(FileExistsError, match="folder must hold no checkpoint yet"):
        distributed.save(tmp_path / "0", model, optimizer)
    (tmp_path / "0" / ".metadata").unlink()
    with pytest.raises(FileNotFoundError, match="complete checkpoint"):
        distributed.load(tmp_path / "0", model, optimizer)
    other = nn.Sequential(nn.Linear(3, 2)).double()
    distributed.save(tmp_path / "1", other, AdaBreg(other.parameters(), 0.1, None))
    with pytest.raises(ValueError, match=r"of this model and optimizer, got .*0\.weight"):
        distributed.load(tmp_path / "1", model, optimizer)
