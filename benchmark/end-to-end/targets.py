"""What the project wants to reach, and whether this run has seen it."""

from dataclasses import dataclass

from crowds import to_bare_updates
from functions import CALLBACK, FLOOR, NODE, PYTHON, RUST_DEFAULTS, Function
from results import Results
from summary import grouped, middle
from table_work import REMEMBERED

MB = 1_000_000


@dataclass(frozen=True)
class Target:
    """A limit, and what was reached."""

    what: str
    limit: str
    reached: str
    met: bool


def judge(results: Results) -> list[Target]:
    """All targets. Everything that depends on the machine is a ratio within this run."""
    lives = grouped(results.lives, "function", "memory_mb")
    [size] = [size for size in results.sizes if size.function == CALLBACK.name]
    work = grouped(results.work, "function", "room")[CALLBACK.name, REMEMBERED][0]
    crowds = [crowd for crowd in results.crowds if crowd.users == 10_000]
    peak = max(life.peak_memory for life in results.lives if life.function == CALLBACK.name)

    def cold_to(other: Function) -> float:
        cold = "cold"
        return middle(lives[other.name, 128], cold) / middle(lives[CALLBACK.name, 128], cold)

    def warm_cpu(function: Function) -> float:
        return middle(lives[function.name, None], "warm.cpu_per_answer")

    first = "start and first answer at 128 MB"
    return [
        _at_most(f"{first}, to floor's", 1 / cold_to(FLOOR), 1.5, " ×"),
        _at_least(f"{first}: faster than rust-defaults", cold_to(RUST_DEFAULTS), 12),
        _at_least(f"{first}: faster than python", cold_to(PYTHON), 20),
        _at_least(f"{first}: faster than node", cold_to(NODE), 15),
        _at_most(
            "CPU of a warm answer, to floor's", warm_cpu(CALLBACK) / warm_cpu(FLOOR), 1.5, " ×"
        ),
        _at_most("write units of a change, index included", work.write_units, 2),
        _at_most("round trips of a change", work.round_trips, 1),
        _at_most(
            "10,000 users in one callback, to as many bare updates",
            to_bare_updates(crowds),
            1.2,
            " ×",
        ),
        _at_most("zip file", size.zip / MB, 2.2, " MB"),
        _at_most("peak memory", peak / MB, 25, " MB"),
    ]


def _at_most(what: str, reached: float, limit: float, unit: str = "") -> Target:
    return Target(what, f"≤ {limit}{unit}", f"{reached:.3g}{unit}", reached <= limit)


def _at_least(what: str, reached: float, limit: float) -> Target:
    return Target(what, f"≥ {limit} ×", f"{reached:.3g} ×", reached >= limit)
