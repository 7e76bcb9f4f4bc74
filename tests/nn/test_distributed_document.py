"""The scripts of docs/distributed.md run by the command that stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from distributed_cases import needs_fsdp  # noqa: E402

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder in which two processes have run all scripts."""
    where = tmp_path_factory.mktemp("scripts")
    scripts = [name for name in SCRIPTS if name != "fsdp.py" or not needs_fsdp.args[0]]
    for name in scripts:
        (where / name).write_text(SCRIPTS[name])
    (where / "driver.py").write_text(DRIVER)
    (options,) = {options for options, _ in COMMANDS}
    running = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *options.split(), "driver.py", *scripts],
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
    assert printed.count("finished") == len(scripts)
    return where


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
