"""A process that has done it before: how it answers events that come one right after the other."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from process import Process

# The rooms that are joined, where nothing else is said.
ROOMS = [f"room-{number}" for number in range(20)]
# Enough to join each of them once, so that a function which remembers rooms remembers them all.
WARM_UP = len(ROOMS)


@dataclass(frozen=True)
class Warm:
    """What was seen, in seconds."""

    # From each event to its answer.
    answers: list[float]
    # From each event until the process asked for more.
    time: float
    # Of CPU, all threads together, meanwhile.
    cpu: float

    @property
    def cpu_per_answer(self) -> float:
        """A mean: the kernel's clock is read only before the first and after the last."""
        return self.cpu / len(self.answers)

    @property
    def answers_per_second(self) -> float:
        """How much such a process does if it always has something to do."""
        return len(self.answers) / self.time


def warm_up(process: Process, events: Iterator[bytes]):
    """Lets it do what is done only once or twice."""
    for event in islice(events, WARM_UP):
        process.invoke(event)


def keep_busy(process: Process, events: Iterator[bytes], answers: int) -> Warm:
    """Has it answer so many events."""
    cpu, busy, seconds = process.cpu_seconds(), 0.0, []
    for event in islice(events, answers):
        began = time.perf_counter()
        seconds.append(process.invoke(event).seconds)
        busy += time.perf_counter() - began
    return Warm(seconds, busy, process.cpu_seconds() - cpu)
