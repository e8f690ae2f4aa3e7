"""Measures whole functions from end to end. `benchmark/run` installs and builds what this needs.

benchmark/run                     takes a quarter of an hour, and writes docs/performance.md
benchmark/run quick               takes a minute, and writes target/performance/performance.md
benchmark/run compare BINARY...   prints how other builds of callback start and answer beside this one
benchmark/run bodies              prints how the largest bodies are answered
"""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import bodies
import lives
import report
import tables
from deployment import ROOT
from functions import CALLBACK, Function
from results import FULL, QUICK, Effort, measure

HERE = Path(__file__).parent


def main(arguments: list[str]):
    """Measures as much as is asked for."""
    # Being terminated is to end the processes and their control groups, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    match arguments:
        case []:
            _measure(FULL, raw=HERE, page=ROOT / "docs")
        case ["quick"]:
            folder = ROOT / "target" / "performance"
            _measure(QUICK, raw=folder, page=folder)
        case ["compare", *binaries] if binaries:
            others = [Function(path, [path]) for path in binaries]
            seen = lives.measure([CALLBACK, *others], FULL.lives, FULL.warm_answers)
            print(tables.starts(seen), tables.warm(seen), sep="\n\n")
        case ["bodies"]:
            print(bodies.table())
        case _:
            sys.exit(__doc__)


def _measure(effort: Effort, raw: Path, page: Path):
    page.mkdir(parents=True, exist_ok=True)
    results = measure(effort)
    (raw / "results.json").write_text(json.dumps(asdict(results), indent=1))
    report.write(results, page)
    print(tables.targets(results), f"\n{page}/performance.md", sep="\n")


main(sys.argv[1:])
