#!/usr/bin/env python3
"""Measures a gateway with many people: imports, look-ups, lists, memory, on SQLite and PostgreSQL.

    python3 benches/scale [--program FILE] [--people NUMBER] [--engines sqlite,postgres] [--output DIR]

Without --program it builds the release program. PostgreSQL is a private server of
scripts/with-postgres. Everything is on loopback and in a temporary directory, which is removed. It
prints a table, and writes scale.json and scale.svg to the output directory (default: target/scale).
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import engines
import figures
import imports
import plot
import requests_sent
from gateway import Gateway

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FEW = 1_000


def arguments():
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(prog="benches/scale", description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, help="a built release program")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--engines", default="sqlite,postgres")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "target" / "scale")
    return parser.parse_args()


def built():
    """The release program, built if it is not up to date."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "isogloss"], cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "isogloss"


def measure(program, engine, people, folder):
    """All figures of one engine with this many people."""
    print(f"{engine.name}, {people:,} people", file=sys.stderr, flush=True)
    found = imports.measure(program, engine, people, folder)
    engine.add_groups(people)
    with Gateway(program, folder, engine.words) as gateway:
        found["lookups"] = requests_sent.lookups(gateway, people)
        found["lists"] = requests_sent.lists(gateway)
    return found


def run(wanted):
    """Measures all engines, each with few and with many people."""
    program = (wanted.program or built()).resolve()
    results = {"people": wanted.people, "machine": figures.machine(), "engines": {}}
    for name in wanted.engines.split(","):
        sizes = results["engines"].setdefault(engines.NAMES[name], {})
        for people in sorted({FEW, wanted.people}):
            with tempfile.TemporaryDirectory(prefix="isogloss-scale.") as folder:
                engine = engines.make(name, pathlib.Path(folder))
                try:
                    sizes[str(people)] = measure(program, engine, people, pathlib.Path(folder))
                finally:
                    engine.remove()
    wanted.output.mkdir(parents=True, exist_ok=True)
    (wanted.output / "scale.json").write_text(json.dumps(results, indent=2) + "\n")
    (wanted.output / "scale.svg").write_text(plot.svg(results))
    print(figures.table(results))


def main():
    wanted = arguments()
    if "postgres" in wanted.engines.split(",") and engines.SERVER not in os.environ:
        # The server lives as long as this command, which is run again beside it.
        again = [sys.executable, str(ROOT / "benches" / "scale"), *sys.argv[1:]]
        script = str(ROOT / "scripts" / "with-postgres")
        sys.exit(subprocess.run([script, *again], env={**os.environ, "DURABLE": "1"}).returncode)
    # What was started is stopped and removed also if the command is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run(wanted)


if __name__ == "__main__":
    main()
