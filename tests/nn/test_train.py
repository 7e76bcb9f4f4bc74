"""The training loop: equal to one written by hand, and each setting does what it says."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402
from training_cases import config, few, trained  # noqa: E402

from breglab.nn import LinBreg  # noqa: E402
from breglab.nn.data import Batches, Split  # noqa: E402
from breglab.nn.training import Config, Trainer, train  # noqa: E402
from breglab.nn.training.augment import augmented  # noqa: E402
from breglab.nn.training.tasks import Classify, divide  # noqa: E402

DOUBLE = {"precision": "float64"}


def weights(trainer):
    return [p.detach().clone() for p in trainer.model.parameters()]


def test_the_loop_equals_one_written_by_hand():
    """SGD on the mean cross entropy of normalised images, in NumPy's and torch's plain words."""
    settings = config(training=DOUBLE, optimizer={"name": "sgd", "lr": 0.2})
    data = few()
    start = weights(Trainer(settings, data))
    own = [w.clone().requires_grad_() for w in start]
    part = divide(data, 100, 0)["train"]
    pixels = part.images.numpy().astype(np.float64)
    inputs = torch.from_numpy((pixels - pixels.mean()) / pixels.std()).flatten(1)
    batches = Batches(inputs, part.labels, size=64, seed=0)
    for epoch in range(2):
        losses = []
        for x, y in batches.epoch(epoch):
            logits = torch.relu(x @ own[0].T + own[1]) @ own[2].T + own[3]
            log_p = logits - logits.exp().sum(1, keepdim=True).log()
            loss = -log_p[torch.arange(len(y)), y]
            for w, g in zip(own, torch.autograd.grad(loss.mean(), own), strict=True):
                w.data -= 0.2 * g
            losses.append(loss.detach())
    trainer = trained(settings, data)
    assert not torch.equal(start[0], own[0])
    for w, ours in zip(own, weights(trainer), strict=True):
        torch.testing.assert_close(ours, w.detach(), rtol=1e-11, atol=1e-12)
    row = trainer.recorder.rows[-1]
    assert row["train_loss"] == pytest.approx(float(torch.cat(losses).mean()), rel=1e-12)


def test_without_a_regulariser_linbreg_is_sgd_and_adabreg_is_adam():
    for sparse, dense, lr in (("linbreg", "sgd", 0.2), ("adabreg", "adam", 0.01)):
        runs = [
            trained(
                config(training=DOUBLE, regularizer={"lam": 0.0}, optimizer={"name": n, "lr": lr})
            )
            for n in (sparse, dense)
        ]
        for a, b in zip(*map(weights, runs), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


def test_figures_are_those_of_the_images():
    trainer = trained(config(training=DOUBLE))
    x, y = trainer.tensors["test"]
    logits = trainer.model(x).detach()
    found = trainer.evaluate("test")
    assert found["test_accuracy"] == pytest.approx(float((logits.argmax(1) == y).double().mean()))
    assert found["test_loss"] == pytest.approx(float(F.cross_entropy(logits, y)))
    assert set(trainer.recorder.rows[0]) > {
        "validation_loss",
        "validation_accuracy",
        "density",
        "J",
    }
    w = torch.cat([p.flatten() for p in trainer.model.parameters() if p.ndim == 2])
    assert trainer.final()["density"] == float((w != 0).double().mean())


def test_normalisation_has_mean_zero_and_deviation_one_in_each_channel():
    pixels = torch.randint(0, 256, (50, 3, 4, 5), dtype=torch.uint8)
    pixels[:, 2] = 7  # a constant channel must not become NaN
    split = Split(pixels, torch.zeros(50, dtype=torch.int64))
    x = Classify(split).tensors(split, torch.float64)[0]
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3).double(), atol=1e-13, rtol=0)
    deviations = x.var((0, 2, 3), correction=0).sqrt()
    torch.testing.assert_close(
        deviations, torch.tensor([1.0, 1.0, 0.0]).double(), rtol=1e-6, atol=0
    )


def test_validation_images_are_set_aside():
    data = few()
    parts = divide(data, 100, 0)
    assert (len(parts["train"].labels), len(parts["validation"].labels)) == (200, 100)
    both = torch.cat([parts["train"].images, parts["validation"].images]).flatten(1).tolist()
    assert sorted(both) == sorted(data.train.images.flatten(1).tolist())
    assert not torch.equal(divide(data, 100, 1)["train"].images, parts["train"].images)
    with pytest.raises(ValueError, match=r"data.validation must be < 300"):
        divide(data, 300, 0)


def test_seeds_decide_everything_and_the_callers_random_numbers_stay():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    runs = [train(config(training={"seed": seed}), images=few()) for seed in (1, 1, 2)]
    assert torch.equal(torch.rand(3), expected)
    first, same, other = (list(run.model.parameters()) for run in runs)
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not torch.equal(first[0], other[0])


def test_cosine_and_plateau_schedules():
    rows = trained(config(schedule={"name": "cosine"})).recorder.rows
    assert [row["lr"] for row in rows] == pytest.approx([0.1 * (1 + math.cos(math.pi / 2)) / 2, 0])
    # No loss falls to a thousandth, so the step size is halved after every epoch but the first.
    plateau = {"name": "plateau", "patience": 0, "threshold": 0.999}
    trainer = trained(config(schedule=plateau, training={"epochs": 3}))
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 / 4)


def test_clipping_bounds_the_step():
    settings = config(optimizer={"name": "sgd", "lr": 1.0}, training={**DOUBLE, "clip": 0.05})
    trainer = Trainer(settings, few())
    before = weights(trainer)
    trainer.run(lambda: True)
    moved = torch.cat([(a - b).flatten() for a, b in zip(weights(trainer), before, strict=True)])
    assert float(moved.norm()) == pytest.approx(0.05, rel=1e-5)


def test_the_quantile_control_keeps_its_share_and_feedback_nears_it():
    quantile = trained(config(control={"name": "quantile", "density": 0.1}))
    n = 64 * 24 + 24 * 10
    assert quantile.final()["density"] == math.floor(0.1 * n) / n
    feedback = config(
        control={"name": "feedback", "target_density": 0.4, "every": 2, "rate": 5.0},
        training={"epochs": 30},
    )
    assert trained(feedback).final()["density"] == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("name", ["linbreg", "adabreg", "proxsgd", "proxadam", "sgd", "adam"])
def test_every_optimizer_learns(name):
    lr = 0.1 if name.endswith(("breg", "sgd")) and name != "adabreg" else 0.01
    settings = config(
        optimizer={"name": name, "lr": lr}, regularizer={"lam": 1e-3}, training={"epochs": 15}
    )
    assert trained(settings, few(1000)).final()["test_accuracy"] > 0.85


def test_any_optimizer_of_torch_can_be_named():
    settings = config(optimizer={"name": "bregman", "inner": "RMSprop", "lr": 1e-3, "alpha": 0.9})
    optimizer = trained(settings).optimizer
    assert "dual" in next(iter(optimizer.state.values()))
    assert optimizer.param_groups[0]["alpha"] == 0.9


def test_half_precision_keeps_the_parameters_wide():
    for precision in ("bfloat16", "float16"):
        trainer = trained(config(training={"precision": precision, "epochs": 10}), few(1000))
        assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
        assert trainer.final()["test_accuracy"] > 0.7


def test_channels_last_changes_no_result_and_kernels_vanish_whole():
    model = {"name": "convnet", "width": 4, "kernel": 3, "hidden": 8, "padding": 1}
    runs = []
    for last in (False, True):
        settings = Config.from_table(
            {
                "data": {"batch_size": 64},
                "model": model,
                "initialization": {"density": 0.5, "groups": {"conv": "kernels"}},
                "regularizer": {"conv": "kernels", "linear": "zero"},
                "training": {"epochs": 1, "channels_last": last, "device": "cpu", **DOUBLE},
            }
        )
        runs.append(trained(settings))
    for a, b in zip(*map(weights, runs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)
    kernels = [p for p in runs[1].model.parameters() if p.ndim == 4]
    for kernel in kernels:
        alive = (kernel != 0).flatten(2)
        assert torch.equal(alive.any(2), alive.all(2))


def test_compiled_networks_are_called_in_place_of_the_network(monkeypatch):
    calls = []

    def compiled(model):
        def call(x):
            calls.append(len(x))
            return model(x)

        return call

    monkeypatch.setattr(torch, "compile", compiled)
    trained(config(training={"compile": True, "epochs": 1}))
    assert calls[:4] == [64, 64, 64, 8]


def test_denoising_reports_its_signal_to_noise_ratio():
    settings = Config.from_table(
        {
            "data": {"task": "denoise", "noise": 0.1},
            "model": {"name": "autoencoder", "layers": 3},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    found = trained(settings).evaluate("test")
    assert found["test_psnr"] == pytest.approx(-10 * math.log10(found["test_loss"]))
    clean = few().test.images / 16
    trainer = Trainer(settings, few())
    trainer.model.forward = lambda x: x
    noise_alone = trainer.evaluate("test")["test_loss"]
    n = clean.numel()
    # The mean of n squares of N(0, 0.1^2): five standard deviations.
    assert noise_alone == pytest.approx(0.01, abs=5 * 0.01 * math.sqrt(2 / n))


def test_images_are_shifted_and_mirrored_and_nothing_else():
    x = torch.rand(40, 2, 16, 16)
    assert augmented(x, "none", 1) is x
    out = augmented(x, "shift-flip", 1)
    assert torch.equal(out, augmented(x, "shift-flip", 1))
    assert not torch.equal(out, augmented(x, "shift-flip", 2))
    seen, found = set(), 0
    for before, after in zip(x, out, strict=True):
        for flip in (False, True):
            wide = F.pad(before, (2, 2, 2, 2)).flip(-1) if flip else F.pad(before, (2, 2, 2, 2))
            places = [(flip, i, j) for i in range(5) for j in range(5)
                      if torch.equal(wide[:, i:i + 16, j:j + 16], after)]  # fmt: skip
            seen.update(places)
            found += len(places)
    assert found == 40
    assert len(seen) > 20
    assert {flip for flip, _, _ in seen} == {False, True}


def test_runs_that_diverge_are_ended():
    with pytest.raises(FloatingPointError, match="LinBreg: the gradients"):
        trained(config(optimizer={"lr": 1e30}))
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 1: lower optimizer.lr"):
        trained(config(optimizer={"name": "sgd", "lr": 1e30}))


def test_configurations_go_through_tables_and_files(tmp_path):
    settings = config(control={"name": "quantile", "density": 0.1}, optimizer={"momentum": 0.9})
    assert Config.from_table(settings.table()) == settings
    path = tmp_path / "run.toml"
    path.write_text('[optimizer]\nname = "adabreg"\nlr = 1\nbetas = [0.8, 0.9]\n')
    read = Config.from_toml(path)
    assert read.optimizer.lr == 1.0
    assert read.optimizer.options == {"betas": [0.8, 0.9]}
    assert read.having({"optimizer.betas": [0.5, 0.5], "training.seed": 3}).training.seed == 3
    assert Config.from_table({}) == Config()
    path.write_text("[optimizer\n")
    with pytest.raises(ValueError, match=r"run.toml must be TOML"):
        Config.from_toml(path)


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        ({"trainin": {}}, ValueError, "trainin must be one of.*did you mean training"),
        ({"training": {"epoch": 3}}, ValueError, "training.epoch must.*did you mean epochs"),
        ({"training": 3}, TypeError, r"section such as \[training\], got 3"),
        ({"training": {"epochs": 2.5}}, TypeError, "training.epochs must be an integer, got 2.5"),
        ({"training": {"compile": 1}}, TypeError, "must be true or false, got 1"),
        ({"training": {"epochs": -1}}, ValueError, "training.epochs must be"),
        ({"training": {"precision": "int8"}}, ValueError, "training.precision must be one of"),
        ({"optimizer": {"lr": 0}}, ValueError, "optimizer.lr must be"),
        ({"optimizer": {"name": "sdg"}}, ValueError, "optimizer.name must be one of"),
        ({"data": {"name": "mnits"}}, ValueError, "data.name must be one of"),
        ({"regularizer": {"lam": -1.0}}, ValueError, "regularizer.lam must be"),
        ({"regularizer": {"lam": {"conv": 1.0}}}, ValueError, "name linear and conv"),
        ({"regularizer": {"lam": {"conv": -1, "linear": 0.1}}}, ValueError, "regularizer.lam must"),
        ({"regularizer": {"lam": {"conv": "a", "linear": 0.1}}}, TypeError, "lam.conv must be a n"),
    ],
)
def test_wrong_configurations_are_refused(table, error, words):
    with pytest.raises(error, match=words):
        Config.from_table(table)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"optimizer": {"nesterow": True}}, r"option of \[optimizer\]"),
        ({"initialization": {"gains": 2.0}}, r"option of \[initialization\]"),
        ({"control": {"target": 0.1}}, r"control.name must be .* for \[control\] to have target"),
        ({"model": {"name": "mpl"}}, "model.name must be one of"),
        ({"model": {"depth": 3}}, "option of the model"),
        ({"optimizer": {"name": "bregman", "inner": "Adan"}}, "optimizer.inner must be a class"),
        ({"training": {"device": "no"}}, "training.device must be a device of this machine"),
        ({"data": {"validation": 300}}, "data.validation must be < 300"),
        ({"regularizer": {"linear": "kernels"}}, "linear|kernels"),
    ],
)
def test_settings_that_fit_nothing_are_refused(sections, words):
    with pytest.raises(ValueError, match=words):
        Trainer(config(**sections), few())


def test_the_optimizer_is_told_what_the_configuration_says():
    settings = config(optimizer={"delta": 2.0, "momentum": 0.5}, regularizer={"linear": "rows"})
    optimizer = Trainer(settings, few()).optimizer
    assert isinstance(optimizer, LinBreg)
    sparse, free = optimizer.param_groups
    assert (sparse["regularizer"], sparse["groups"], sparse["lam"]) == ("GroupL12", "rows", 0.1)
    assert (sparse["delta"], sparse["momentum"], free["regularizer"]) == (2.0, 0.5, "Zero")


def test_each_kind_of_layers_can_have_a_weight_of_its_own(tmp_path):
    network = {"name": "convnet", "width": 2, "hidden": 4, "kernel": 3, "padding": 1}
    lam = {"linear": 0.3, "conv": 1}
    settings = Config.from_table(
        {
            "data": {"name": "digits", "validation": 100},
            "model": network,
            "regularizer": {"lam": lam, "conv": "kernels"},
        }
    )
    found = {g["regularizer"]: g["lam"] for g in Trainer(settings, few()).optimizer.param_groups}
    assert found == {"L1": 0.3, "GroupL12": 1.0, "Zero": 0.0}
    assert Config.from_table(settings.table()) == settings
    path = tmp_path / "run.toml"
    path.write_text("[regularizer]\nlam = { linear = 0.3, conv = 1 }\n")
    assert Config.from_toml(path).regularizer.lam == {"linear": 0.3, "conv": 1.0}


def test_the_first_mask_is_drawn_with_the_seed_of_the_run():
    def masks(run, **options):
        control = {"name": "rigl", "target_density": 0.2, **options}
        settings = config(
            control=control, optimizer={"name": "sgd", "lr": 0.1}, training={"seed": run}
        )
        return Trainer(settings, few()).control.masks

    def same(one, other):
        return all(torch.equal(one[name], other[name]) for name in one)

    assert same(masks(1), masks(1))
    assert not same(masks(0), masks(1))
    assert same(masks(0, seed=3), masks(1, seed=3))
