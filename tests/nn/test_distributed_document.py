"""The scripts of docs/distributed.md run by the command that stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from distributed_cases import needs_fsdp  # noqa: E402

from breglab.cli import app  # noqa: E402
from breglab.nn import training  # noqa: E402

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "distributed.md").read_text()
SCRIPTS = dict(re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)```", TEXT, re.DOTALL))
COMMANDS = re.findall(r"^torchrun (--standalone .*?) (\w+\.py)$", TEXT, re.MULTILINE)
READER = re.compile(r"```python\n((?:(?!```).)*distributed\.load.*?)```", re.DOTALL)
# One start of torchrun, and one process group, for all scripts: they take most of the time.
DRIVER = """
import contextlib, runpy, sys
from breglab.nn import distributed

with distributed.processes() as place:
    distributed.processes = lambda: contextlib.nullcontext(place)
    for script in sys.argv[1:]:
        runpy.run_path(script, run_name="__main__")
"""


def torchrun(arguments, where):
    """Return what is printed, and what is said of errors, by processes that end well."""
    running = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *arguments],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed, errors = running.communicate(timeout=100)
    except subprocess.TimeoutExpired:
        running.terminate()  # and torchrun ends its processes; a kill would leave them
        raise
    assert running.returncode == 0, errors[-3000:]
    return printed, errors


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder in which two processes have run all scripts."""
    where = tmp_path_factory.mktemp("scripts")
    scripts = [name for name in SCRIPTS if name != "fsdp.py" or not needs_fsdp.args[0]]
    for name in scripts:
        (where / name).write_text(SCRIPTS[name])
    (where / "driver.py").write_text(DRIVER)
    (options,) = {options for options, _ in COMMANDS}
    printed, _ = torchrun([*options.split(), "driver.py", *scripts], where)
    assert printed.count("finished") == len(scripts)
    return where


def test_the_command_train_makes_one_run_and_says_so_once(tmp_path, monkeypatch):
    """The run of two processes is that of one, up to rounding."""
    (table,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (command,) = re.findall(r"^torchrun (.* -m breglab train .*)$", TEXT, re.MULTILINE)
    (tmp_path / "digits.toml").write_text(f'{table}device = "cpu"\n')
    printed, errors = torchrun(command.split(), tmp_path)
    assert printed.count("At the end: test loss") == 1, errors[-3000:]
    assert "The run failed" not in errors
    run = tmp_path / "digits-run"
    assert len(json.loads((run / "environment.json").read_text())) == 1
    one = training.train(tmp_path / "digits.toml")
    parts = torch.load(run / "model.pt")
    for name, ours in one.model.state_dict().items():
        torch.testing.assert_close(parts[name], ours, rtol=1e-4, atol=1e-5)
        assert torch.equal(parts[name] != 0, ours != 0)
    final = json.loads((run / "final.json").read_text())
    assert final == pytest.approx(one.final, rel=1e-4)
    # The same folder goes on with one process.
    monkeypatch.chdir(tmp_path)
    again = CliRunner().invoke(app, command.split()[command.split().index("train") :])
    assert again.exit_code == 0, again.output
    assert printed.splitlines()[-2] in again.output


def test_every_script_has_its_command():
    assert [script for _, script in COMMANDS] == list(SCRIPTS) == ["train.py", "ddp.py", "fsdp.py"]


def test_the_training_run_has_its_folder(folder):
    names = {path.name for path in (folder / "run").iterdir()}
    assert {"config.json", "final.json", "model.pt", "record.json"} <= names


def test_the_loop_with_ddp_makes_the_steps_of_one_process(folder, tmp_path, monkeypatch):
    alone = {}
    monkeypatch.chdir(tmp_path)
    exec(compile(SCRIPTS["ddp.py"], "ddp.py", "exec"), alone)
    weight = torch.load(folder / "model.pt")["0.weight"]
    torch.testing.assert_close(weight, alone["model"][0].weight.detach())


@needs_fsdp
def test_the_checkpoint_of_fsdp_is_read_by_one_process(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (reader,) = READER.findall(TEXT)
    names = {}
    exec(compile(reader, "distributed.md", "exec"), names)
    assert "read after 20 steps" in capsys.readouterr().out
    torch.manual_seed(0)
    weight, start = names["model"][0].weight, torch.nn.Linear(64, 100).weight
    assert not torch.equal(weight, start)
    assert float(names["optimizer"].state[weight]["step"]) == 20.0
