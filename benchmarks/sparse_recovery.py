"""breglab's solvers of sparse recovery and their peers, side by side in one process, one thread.

Every solver runs on the same instances, in turns; each answer is judged by breglab's independent
certificate at 1e-8, each peer at the best of its settings. Writes tables, a picture and the numbers
to results/sparse_recovery.{md,png,svg,json}, of a quick run to results/sparse_recovery_quick.*, and
every single result to a file of JSON lines beside them, so that a run that was killed goes on where
it was. Results of other versions of the code are not mixed in.

usage: python benchmarks/sparse_recovery.py [FAMILY ...] [--quick] [--seeds N] [--time-limit S]
                                            [--rounds N] [--out DIR] [--list]

FAMILY is one of those that --list prints; all unless given. The peers are installed by the extra
`bench`; those that are missing are left out. Takes a few minutes with --quick, else hours.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before NumPy is imported, whose BLAS asks for them once.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "RAYON"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

from _recovery import paths, tables  # noqa: E402
from _recovery.families import FAMILIES, Case, cases  # noqa: E402
from _recovery.ledger import Ledger, all_print, peers_print  # noqa: E402
from _recovery.peers import PEERS  # noqa: E402
from _recovery.picture import draw  # noqa: E402
from _recovery.race import Rules, race  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.markdown import Markdown  # noqa: E402
from threadpoolctl import threadpool_info  # noqa: E402

from breglab._files import replaced  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
OTHERS = ("paths", "iteration")
ROUNDS, TIME_LIMIT = 7, 30.0
QUICK_ROUNDS, QUICK_TIME_LIMIT = 3, 1.0


def main(arguments: list[str] | None = None) -> int:
    asked = _parsed(arguments)
    console = Console(stderr=True)
    if asked.list:
        print("\n".join((*FAMILIES, *OTHERS)))
        return 0
    threads = [pool["num_threads"] for pool in threadpool_info()]
    if any(number != 1 for number in threads):
        console.print(f"[red]The libraries use {max(threads)} threads; times would mean nothing.")
        return 1
    missing = sorted({p.package for p in PEERS.values() if not p.installed()})
    if missing:
        console.print(
            f'Left out, not installed: {", ".join(missing)} (pip install "breglab[bench]")'
        )
    rules = Rules(asked.rounds, asked.time_limit)
    stem = asked.out / ("sparse_recovery_quick" if asked.quick else "sparse_recovery")
    everything = all_print(rules.time_limit)
    prints = {"sweep": peers_print(rules.time_limit), **dict.fromkeys(KINDS, everything)}
    ledger = Ledger(stem.with_suffix(".jsonl"), prints)
    chosen = cases(asked.quick, tuple(asked.family), asked.seeds)
    try:
        _measure(chosen, asked.family, rules, ledger, console)
    except KeyboardInterrupt:
        console.print("Stopped; the same command goes on from here.")
        return 130
    whole = tables.document(chosen, ledger, rules, asked.quick)
    text = tables.as_markdown(chosen, ledger, whole)
    pictures = draw(chosen, ledger, f"Time to a certified answer, one thread ({whole['kind']} run)")
    written = {"json": tables.as_json(whole).encode(), "md": text.encode(), **pictures}
    for kind, content in written.items():
        with replaced(stem.with_suffix(f".{kind}")) as file:
            file.write(content)
    Console().print(Markdown(text[text.index("## Goals") :]))
    console.print(f"Written: {stem}.{{{','.join(written)}}}")
    return 0


KINDS = ("race", "path", "step")


def _measure(
    chosen: list[Case], families: list[str], rules: Rules, ledger: Ledger, console: Console
) -> None:
    def say(words: str) -> None:
        console.print(words, markup=False, highlight=False)

    for number, case in enumerate(chosen, start=1):
        for seed in range(case.seeds):
            say(f"[{number}/{len(chosen)}] {case.name}, seed {seed}")
            race(case, seed, rules, ledger)
    if not families or "paths" in families:
        for name in paths.TABLES:
            say(f"path of {name}")
            paths.whole_paths(name, rules, ledger)
    if not families or "iteration" in families:
        for m, n in paths.SIZES:
            say(f"iteration {m} x {n}")
            paths.iterations(m, n, rules, ledger)


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "family", nargs="*", metavar="FAMILY", help="families to run; all unless given"
    )
    parser.add_argument("--quick", action="store_true", help="few and small instances")
    parser.add_argument("--seeds", type=_count, help="seeds of every case")
    parser.add_argument("--time-limit", type=float, help="processor seconds for a run of a peer")
    parser.add_argument("--rounds", type=_count, help="repetitions of every solver")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
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
    sys.exit(main())
