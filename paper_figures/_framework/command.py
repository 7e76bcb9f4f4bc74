"""The command: do the jobs, write JSON, and show what is in it."""

from __future__ import annotations

import importlib
import io
import platform
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import joblib
import matplotlib

import breglab
from _framework.experiment import PROTOCOLS, Experiment
from _framework.jobs import FAILURES, Job, Stopped, as_json, carry_out, done, read, rounded
from _framework.runs import Runs
from breglab._files import replaced
from breglab.plotting import to_png
from breglab.plotting.style import style

__all__ = ["FAILURES", "RESULTS", "Stopped", "make", "names", "protocol_of", "render", "stem"]

FOLDER = Path(__file__).resolve().parent.parent
RESULTS = FOLDER / "results"
Say = Callable[[str], object]


def names() -> list[str]:
    """Return the names of all figures and tables: those of the scripts."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def experiment(name: str) -> Experiment:
    """Return what a script declares."""
    found: Experiment = importlib.import_module(name).EXPERIMENT
    return found


def stem(name: str, protocol: str) -> str:
    """Return the name of the results, which tells what is not the paper's own protocol."""
    return name if protocol == "full" else f"{name}_{protocol}"


def make(
    name: str, protocol: str, cache: Path, *, jobs: int = 1, out: Path = RESULTS, say: Say = print
) -> Path:
    """Do what is not done yet, and write the JSON file, the table and the pictures.

    Parameters
    ----------
    name : str
        Of a script.
    protocol : {"smoke", "reduced", "full"}
        One that it has.
    cache : Path
        Where finished and interrupted jobs are kept.
    jobs : int
        Number of processes.
    out : Path
        Where the results go.
    say : callable
        Is told what goes on.

    Returns
    -------
    Path
        The JSON file.
    """
    told = experiment(name)
    plan = told.plan(protocol)
    say(f"{stem(name, protocol)}: {told.title}. {told.protocols[protocol]}")
    _work_off(plan, cache, jobs, say)
    runs = [{"label": job.label, "seed": job.seed, **carry_out(job, cache)} for job in plan]
    record: dict[str, Any] = {
        "name": name,
        "title": told.title,
        "protocol": protocol,
        "means": told.protocols[protocol],
        "machine": machine(),
        "runs": runs,
    }
    claims = told.claims(Runs(rounded(record)))
    # A trial says nothing of the paper, whatever it shows.
    record["claims"] = [vars(claim) for claim in claims if protocol != "smoke"]
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{stem(name, protocol)}.json"
    with replaced(path) as file:
        file.write(as_json(rounded(record)))
    render(path, say=say)
    return path


def _work_off(plan: Sequence[Job], cache: Path, jobs: int, say: Say) -> None:
    """Do the jobs, first those that others are based on; equal ones once.

    Where one fails the others are still done, but for those that are based on it.

    Raises
    ------
    RuntimeError
        If some failed, with their messages.
    """
    needed = {job.key: job for job in plan}
    bases = {job.base.key: job.base for job in plan if job.base}
    later = {key: job for key, job in needed.items() if job.base}
    first = {**bases, **{key: job for key, job in needed.items() if not job.base}}
    failed: list[str] = []
    for wave in (first, later):
        able = (job for job in wave.values() if not job.base or done(job.base, cache) is not None)
        left = [job for job in able if done(job, cache) is None]
        say(f"{len(wave) - len(left)} of {len(wave)} runs are there, {len(left)} to do")
        begun = time.monotonic()
        work = (joblib.delayed(_attempted)(job, cache) for job in left)
        results = joblib.Parallel(n_jobs=jobs, return_as="generator", batch_size=1)(work)
        for number, (job, error) in enumerate(zip(left, results, strict=True), 1):
            minutes = (time.monotonic() - begun) / 60
            told = f"{job.label}, seed {job.seed}" + (f", failed: {error}" if error else "")
            say(f"{number}/{len(left)} after {minutes:.1f} min: {told}")
            failed += [told] if error else []
    if failed:
        raise RuntimeError("; ".join(failed))


def _attempted(job: Job, cache: Path) -> str:
    """Do a job; return what it failed of, or nothing."""
    try:
        carry_out(job, cache)
    except FAILURES as error:
        return str(error) or type(error).__name__
    return ""


def render(path: Path, *, say: Say = print) -> None:
    """Write the table and the pictures of a JSON file, which they are functions of."""
    record = read(path)
    try:
        meant = stem(record["name"], record["protocol"])
    except (KeyError, TypeError):
        raise ValueError(f"{path} does not hold the results of a figure or table") from None
    if meant != path.stem:
        raise ValueError(f"{path} holds the results of {meant}, which belong to {meant}.json")
    for suffix, content in rendered(record).items():
        with replaced(path.with_suffix(suffix)) as file:
            file.write(content)
    for claim in record["claims"]:
        verdict = "holds" if claim["holds"] else "MISSED"
        say(f"  {verdict}: {claim['text']} ({claim['measured']})")
    # Another folder may have a README.md of its own, and a trial is no result.
    if path.resolve().parent == RESULTS and record["protocol"] != "smoke":
        with replaced(RESULTS / "README.md") as file:
            file.write(overview(RESULTS).encode())
    say(f"  written: {path.with_suffix('')}.*")


def overview(folder: Path) -> str:
    """Return a page in Markdown with every result in a folder, and how many claims hold.

    Trials are not among them.
    """
    lines = [
        "# What came of the figures and tables",
        "",
        "| figure or table | protocol | claims that hold |",
        "|---|---|---:|",
    ]
    stems = [stem(name, protocol) for name in names() for protocol in PROTOCOLS[1:]]
    for path in (folder / f"{one}.json" for one in sorted(stems)):
        if not path.exists():
            continue
        try:
            record = read(path)
        except ValueError:  # said where that one is made
            continue
        held = [claim["holds"] for claim in record["claims"]]
        share = f"{sum(held)} of {len(held)}" if held else ""
        lines.append(f"| [{record['title']}]({path.stem}.md) | {record['protocol']} | {share} |")
    return "\n".join(lines) + "\n"


def rendered(record: dict[str, Any]) -> dict[str, bytes]:
    """Return the contents of table and pictures by their suffixes."""
    told, runs = experiment(record["name"]), Runs(record)
    file = f"{stem(record['name'], record['protocol'])}.png"
    shown = f"![{told.alt or told.title}]({file})\n\n" if told.draw is not None else ""
    found = {".md": markdown(record, shown + told.table(runs)).encode()}
    if told.draw is not None:
        found[".png"] = to_png(_drawn(told.draw, runs))
    if told.draw is not None and told.vector:
        found[".svg"] = _svg(_drawn(told.draw, runs))
    return found


def _drawn(draw: Callable[[Runs], Any], runs: Runs) -> Any:
    """Return a picture that says, whatever it shows, if it is not the paper's own protocol."""
    figure = draw(runs)
    if runs.protocol != "full":
        with style():
            figure.suptitle(f"{runs.protocol} protocol", x=0.98, ha="right", fontsize="medium")
    return figure


def markdown(record: dict[str, Any], table: str) -> str:
    """Return the table with what it is, and the verdicts on the claims."""
    protocol = record["protocol"]
    label = "" if protocol == "full" else f" ({protocol} protocol)"
    lines = [f"# {record['title']}{label}", "", record["means"], "", table]
    if record["claims"]:
        lines += ["", "| claim | measured | verdict |", "|---|---|---|"]
        for claim in record["claims"]:
            verdict = "holds" if claim["holds"] else "**missed**"
            lines.append(f"| {claim['text']} | {claim['measured']} | {verdict} |")
    return "\n".join(lines) + "\n"


def machine() -> dict[str, Any]:
    """Return what numbers may depend on, and nothing that tells whose machine it is."""
    return {
        "breglab": breglab.__version__,
        "python": sys.version.split()[0],
        "matplotlib": matplotlib.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()


def _svg(figure: Any) -> bytes:
    out = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "breglab"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def protocol_of(name: str, wanted: str) -> str:
    """Return the protocol in which a figure is made: those without a reduced one are made in full.

    All have the other two.
    """
    return wanted if wanted in experiment(name).protocols else "full"
