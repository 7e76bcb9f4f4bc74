"""breglab's solvers of sparse recovery and their peers, side by side in one process, one thread.

Every solver runs on the same instances, in turns; each answer is judged by breglab's independent
certificate at 1e-8, each peer at the best of its settings: of those for a whole family, and of
those for each instance. Writes tables, a picture and the numbers to
results/sparse_recovery.{md,png,svg,json}, of a quick run to results/sparse_recovery_quick.*, and
every single result to a file of JSON lines beside them, so that a run that was killed goes on where
it was; with --report tables and picture are made of that file, and nothing is run. Results of
other versions of the code are not mixed in.

usage: python benchmarks/sparse_recovery.py [FAMILY ...] [--quick] [--seeds N] [--peer-seeds N]
                                            [--time-limit S] [--rounds N] [--out DIR] [--report]
                                            [--list]

FAMILY is one of those that --list prints; all unless given. The peers are installed by the extra
`bench`; those that are missing are left out. Takes a few minutes with --quick, else about an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

# Before NumPy is imported, whose BLAS asks for them once.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "RAYON"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

from _recovery import paths, tables  # noqa: E402
from _recovery.families import FAMILIES, Case, cases  # noqa: E402
from _recovery.ledger import Ledger, last_prints, prints  # noqa: E402
from _recovery.peers import PEERS  # noqa: E402
from _recovery.picture import draw  # noqa: E402
from _recovery.race import race, settings  # noqa: E402
from _recovery.sweep import Rules, Trials  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.markdown import Markdown  # noqa: E402
from threadpoolctl import threadpool_info  # noqa: E402

from breglab._files import replaced  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
OTHERS = ("paths", "iteration")
ROUNDS, TIME_LIMIT = 5, 10.0
QUICK_ROUNDS, QUICK_TIME_LIMIT = 3, 1.0


def main(arguments: list[str] | None = None) -> int:
    asked = _parsed(arguments)
    console = Console(stderr=True)
    if asked.list:
        print("\n".join((*FAMILIES, *OTHERS)))
        return 0
    stem = asked.out / ("sparse_recovery_quick" if asked.quick else "sparse_recovery")
    lines = stem.with_suffix(".jsonl")
    rules = Rules(asked.rounds, asked.time_limit)
    chosen = cases(asked.quick, tuple(asked.family), asked.seeds, asked.peer_seeds)
    now = prints(rules.time_limit)
    if asked.report:
        ledger = Ledger(lines, last_prints(lines))
        if ledger.get("run", "", 0, "") is None:
            console.print(f"[red]There are no results in {lines}.")
            return 1
        if last_prints(lines) != {kind: now[kind] for kind in last_prints(lines)}:
            console.print("Measured with another version of the code, of a package, or elsewhere.")
    else:
        ledger = Ledger(lines, now)
        ended = _measured(chosen, asked.family, rules, ledger, console)
        if ended:
            return ended
    whole = tables.document(chosen, ledger, asked.quick)
    text = tables.as_markdown(chosen, ledger, whole)
    pictures = draw(chosen, ledger, f"Time to a certified answer, one thread ({whole['kind']} run)")
    written = {"json": tables.as_json(whole).encode(), "md": text.encode(), **pictures}
    for kind, content in written.items():
        with replaced(stem.with_suffix(f".{kind}")) as file:
            file.write(content)
    console.print(f"Written: {stem}.{{{','.join(written)}}}")
    _Console().print(Markdown(text[text.index("## Goals") :]))
    return 0


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error again, for which rich would end the program with the exit code 1."""
        raise


def _measured(
    chosen: list[Case], families: list[str], rules: Rules, ledger: Ledger, console: Console
) -> int:
    """Measure what is missing; return an exit code."""
    threads = [pool["num_threads"] for pool in threadpool_info()]
    if any(number != 1 for number in threads):
        console.print(f"[red]The libraries use {max(threads)} threads; times would mean nothing.")
        return 1
    missing = sorted({p.package for p in PEERS.values() if not p.installed()})
    if missing:
        console.print(
            f'Left out, not installed: {", ".join(missing)} (pip install "breglab[bench]")'
        )
    if ledger.get("run", "", 0, "") is None:
        ledger.add("run", "", 0, "", **tables.header(rules))
    try:
        _measure(chosen, families, rules, ledger, console)
    except KeyboardInterrupt:
        console.print("Stopped; the same command goes on from here.")
        return 130
    return 0


def _measure(
    chosen: list[Case], families: list[str], rules: Rules, ledger: Ledger, console: Console
) -> None:
    def say(words: str) -> None:
        console.print(f"{time.process_time():6.0f} s  {words}", markup=False, highlight=False)

    trials = Trials(ledger, rules)
    for family in dict.fromkeys(case.family for case in chosen):
        its = [case for case in chosen if case.family == family]
        say(f"{family}: settings of the peers")
        settings(family, its, trials)
        for number, case in enumerate(its, start=1):
            say(f"{family} [{number}/{len(its)}]: {case.name}")
            for seed in range(case.seeds):
                race(case, seed, trials)
    if not families or "paths" in families:
        for name in paths.TABLES:
            say(f"path of {name}")
            paths.whole_paths(name, rules, ledger)
    if not families or "iteration" in families:
        for m, n in paths.SIZES:
            say(f"iteration {m} x {n}")
            paths.iterations(m, n, rules, ledger)
    say("done")


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "family", nargs="*", metavar="FAMILY", help="families to run; all unless given"
    )
    parser.add_argument("--quick", action="store_true", help="few and small instances")
    parser.add_argument("--seeds", type=_count, help="seeds of every case")
    parser.add_argument("--peer-seeds", type=_count, help="seeds that peers run on, at most")
    parser.add_argument("--time-limit", type=float, help="processor seconds for a run of a peer")
    parser.add_argument("--rounds", type=_count, help="repetitions of every solver")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--report", action="store_true", help="run nothing; write what is known")
    parser.add_argument("--list", action="store_true", help="print the families and end")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.family if name not in (*FAMILIES, *OTHERS)]
    if unknown:
        known = ", ".join((*FAMILIES, *OTHERS))
        parser.error(f"FAMILY must be one of {known}, got {', '.join(unknown)}")
    if asked.rounds is None:
        asked.rounds = QUICK_ROUNDS if asked.quick else ROUNDS
    if asked.time_limit is None:
        asked.time_limit = QUICK_TIME_LIMIT if asked.quick else TIME_LIMIT
    if not 0.0 < asked.time_limit < float("inf"):
        parser.error(f"--time-limit must be > 0 and finite, got {asked.time_limit}")
    return asked


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # a reader that has gone away, as head does, had what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
