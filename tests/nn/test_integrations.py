"""The examples in docs/integrations run, end sparse and accurate, and their checkpoints go on."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

DOCS = Path(__file__).parents[2] / "docs" / "integrations"

# Third parties' warnings are theirs.
pytestmark = pytest.mark.filterwarnings("ignore")


def example(name, folder, monkeypatch, capsys):
    """Run the one Python block of a document; return its names, accuracy and density."""
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / f"{name}.md").read_text(), re.DOTALL)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    names = {"__name__": f"example_{name}"}
    exec(compile(block, f"{name}.md", "exec"), names)
    found = re.search(r"accuracy ([\d.]+) at density ([\d.]+)", capsys.readouterr().out)
    assert found
    return names, float(found[1]), float(found[2])


def zeros(module):
    weights = [p for p in module.parameters() if p.ndim > 1]
    return sum(int((w == 0).sum()) for w in weights) / sum(w.numel() for w in weights)


def same_state(state, other):
    assert state.keys() == other.keys()
    assert all("dual" in entries for entries in state.values())
    for key, entries in state.items():
        for name, value in entries.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(other[key][name]))


def test_lightning(tmp_path, monkeypatch, capsys):
    pl = pytest.importorskip("pytorch_lightning")
    names, accuracy, density = example("lightning", tmp_path, monkeypatch, capsys)
    assert accuracy >= 0.85
    assert 0.1 <= density <= 0.35
    model, trainer = names["model"], names["trainer"]
    assert zeros(model.network) == pytest.approx(1 - density, abs=1e-3)
    trainer.save_checkpoint("last.ckpt")
    again, more = names["Digits"](), {"max_epochs": 10, "accelerator": "cpu", "logger": False}
    quiet = {"enable_progress_bar": False, "enable_model_summary": False}
    going = pl.Trainer(**more, **quiet, enable_checkpointing=False)
    going.fit(again, names["data"], ckpt_path="last.ckpt")  # all epochs are done: it loads
    before, after = (t.optimizers[0].state_dict() for t in (trainer, going))
    same_state(before["state"], after["state"])
    assert before["param_groups"] == after["param_groups"]
    same = zip(model.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(p, q) for p, q in same)


def test_transformers(tmp_path, monkeypatch, capsys):
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    names, accuracy, density = example("transformers", tmp_path, monkeypatch, capsys)
    assert accuracy >= 0.85
    assert 0.05 <= density <= 0.4
    # The optimizer was the Trainer's own, and lr followed the schedule to its end.
    assert names["optimizer"].param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)
    saved = torch.load(tmp_path / "transformers" / "checkpoint-150" / "optimizer.pt")
    assert all("dual" in entries for entries in saved["state"].values())
    final = [p.detach().clone() for p in names["model"].parameters()]
    # From the middle to the end again, with another network and a new optimizer.
    source = (DOCS / "transformers.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", source, re.DOTALL)
    resumed = block.replace("trainer.train()", "trainer.train('transformers/checkpoint-150')")
    assert resumed != block
    again = {"__name__": "again"}
    exec(compile(resumed, "again", "exec"), again)
    for p, q in zip(final, again["model"].parameters(), strict=True):
        torch.testing.assert_close(p, q)
        assert torch.equal(p != 0, q != 0)


def test_skorch(tmp_path, monkeypatch, capsys):
    pytest.importorskip("skorch")
    names, accuracy, density = example("skorch", tmp_path, monkeypatch, capsys)
    assert accuracy >= 0.85
    assert 0.05 <= density <= 0.4
    best = names["best"]
    groups = best.optimizer_.param_groups
    assert [group["regularizer"] for group in groups] == ["L1", "Zero"]
    best.save_params(f_params="p.pt", f_optimizer="o.pt")
    other = names["NeuralNetClassifier"](**best.get_params(deep=False)).initialize()
    other.load_params(f_params="p.pt", f_optimizer="o.pt")
    before, after = (n.optimizer_.state_dict() for n in (best, other))
    same_state(before["state"], after["state"])
    assert before["param_groups"] == after["param_groups"]


def test_every_document_here_is_tested():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in DOCS.glob("*.md")} <= tested
