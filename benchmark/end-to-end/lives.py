"""Processes from their start to their end, as Lambda lets them live: the table behind TLS, and
after the start only the share of a core that the function's memory buys."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from callbacks import joins
from cpu_share import cpu_of
from functions import Function
from process import Process
from tls import deployment_behind_tls
from warm import ROOMS, Warm, keep_busy, warm_up

# Sizes of a function in MB; the last is without a limit, which takes the noise out of CPU times.
SIZES = [128, 256, None]


@dataclass(frozen=True)
class Life:
    """What was seen of one process, in seconds and bytes."""

    function: str
    memory_mb: int | None
    # Until it asked for something to do.
    start: float
    # From the first event to its answer.
    first_answer: float
    warm: Warm
    peak_memory: int

    @property
    def cold(self) -> float:
        """What a callback waits that finds no process."""
        return self.start + self.first_answer


def measure(functions: list[Function], repetitions: int, answers: int) -> list[Life]:
    """Lets each function live so often at each size. Gives their lives in the functions' order."""
    with deployment_behind_tls(*ROOMS) as variables:
        in_turn = _in_turn(functions, repetitions)
        lives = [_live(*each, variables, answers) for each in in_turn]
    names = [function.name for function in functions]
    return sorted(lives, key=lambda life: names.index(life.function))


def _in_turn(functions: list[Function], repetitions: int) -> Iterator[tuple[Function, int | None]]:
    """Each function at each size, and again, so that whatever else the machine does hits all alike;
    each time in another order, because it matters after whom one comes."""
    chance = random.Random("the same in every run")
    lives = list(product(functions, SIZES))
    for _ in range(repetitions):
        chance.shuffle(lives)
        yield from lives


def _live(
    function: Function, memory_mb: int | None, variables: dict[str, str], answers: int
) -> Life:
    with cpu_of(memory_mb) as limit, Process(function, variables) as process:
        start = process.start()
        limit(process.child.pid)
        events = joins(ROOMS)
        first_answer = process.invoke(next(events)).seconds
        warm_up(process, events)
        warm = keep_busy(process, events, answers)
        peak = process.peak_memory_bytes()
    return Life(function.name, memory_mb, start, first_answer, warm, peak)
