"""Everything that one run measures."""

import sys
from dataclasses import dataclass

import crowds
import instructions
import lives
import load
import machine
import sizes
import table_work
from functions import ALL


@dataclass(frozen=True)
class Effort:
    """How much of it."""

    # Processes of each function and size, and warm answers of each.
    lives: int
    warm_answers: int
    # Of everything below.
    repetitions: int
    crowd_sizes: list[int]
    most_processes: int
    load_answers: int


FULL = Effort(15, 100, 5, [1, 10, 100, 1_000, 10_000, 100_000], 8, 1_000)
QUICK = Effort(2, 20, 1, [1, 100, 10_000], 4, 100)


@dataclass(frozen=True)
class Results:
    """What was seen."""

    effort: Effort
    machine: machine.Machine
    sizes: list[sizes.Size]
    work: list[table_work.Work]
    instructions: list[instructions.Instructions]
    lives: list[lives.Life]
    crowds: list[crowds.Crowd]
    processes: list[load.Load]
    rooms: list[load.Load]


def measure(effort: Effort) -> Results:
    """Measures one thing after the other: whatever ran beside a process would slow it down."""
    repetitions, answers = effort.repetitions, effort.load_answers
    measures = {
        "machine": machine.this_machine,
        "sizes": sizes.measure,
        "work": table_work.measure,
        "instructions": instructions.measure,
        "lives": lambda: lives.measure(ALL, effort.lives, effort.warm_answers),
        "crowds": lambda: crowds.measure(effort.crowd_sizes, repetitions),
        "processes": lambda: load.of_processes(effort.most_processes, repetitions, answers),
        "rooms": lambda: load.of_rooms(repetitions, answers),
    }
    seen = {}
    for name, take in measures.items():
        print(f"measuring {name}", file=sys.stderr)
        seen[name] = take()
    return Results(effort, **seen)
