"""Several processes at once, and rooms that get much or little attention."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from callbacks import joins
from deployment import deployment
from functions import CALLBACK
from process import Process
from warm import ROOMS, WARM_UP, Warm, keep_busy, warm_up


@dataclass(frozen=True)
class Load:
    """What a number of processes did with joins that were spread over a number of rooms."""

    processes: int
    rooms: int
    # From the first event until all were answered.
    seconds: float
    each: list[Warm]

    @property
    def answers_per_second(self) -> float:
        """All processes together."""
        return sum(len(warm.answers) for warm in self.each) / self.seconds


def of_processes(most: int, repetitions: int, answers: int) -> list[Load]:
    """From one process to `most` of them, each of which answers so many events."""
    order = [count for _ in range(repetitions) for count in range(1, most + 1)]
    return [_load(count, len(ROOMS), answers) for count in order]


def of_rooms(repetitions: int, answers: int) -> list[Load]:
    """One process: one room that everybody joins, or several, or each event another room, of which
    the function then knows nothing."""
    order = [1, len(ROOMS), answers + WARM_UP] * repetitions
    return [_load(1, rooms, answers) for rooms in order]


def _load(processes: int, rooms: int, answers: int) -> Load:
    def be_busy(process: Process, events: Iterator[bytes]) -> Warm:
        return keep_busy(process, events, answers)

    with deployment() as behind, ExitStack() as stack:
        names = behind.create_rooms(*(f"room-{number}" for number in range(rooms)))
        running, events = [], []
        for _ in range(processes):
            running.append(stack.enter_context(Process(CALLBACK, behind.variables())))
            events.append(joins(names))
            running[-1].start()
            warm_up(running[-1], events[-1])
        with ThreadPoolExecutor(processes) as threads:
            began = time.perf_counter()
            each = list(threads.map(be_busy, running, events))
            return Load(processes, rooms, time.perf_counter() - began, each)
