"""Callbacks about many users, beside what the engine takes for as many bare updates."""

import math
from dataclasses import dataclass
from itertools import islice
from statistics import median

import bare_updates
from callbacks import join, newcomers
from deployment import deployment
from functions import CALLBACK
from process import Process

ROOM = "stadium"


@dataclass(frozen=True)
class Crowd:
    """One callback in one process, after another one that was about one user."""

    users: int
    seconds: float
    applied: int
    deferred: int
    peak_memory: int
    # What the engine takes for as many bare updates.
    bare_seconds: float


def to_bare_updates(runs: list[Crowd]) -> float:
    """The ratio of both times. There is none where some users were deferred: that takes no time
    here."""
    if any(run.deferred for run in runs):
        return math.inf
    return median(run.seconds / run.bare_seconds for run in runs)


def measure(sizes: list[int], repetitions: int) -> list[Crowd]:
    """Each size so often, in turn."""
    return [_crowd(size) for _ in range(repetitions) for size in sizes]


def _crowd(size: int) -> Crowd:
    users = newcomers()
    # A table of its own for each of the two, so that neither finds it larger than the other.
    with deployment() as behind, Process(CALLBACK, behind.variables()) as process:
        behind.create_rooms(ROOM)
        process.start()
        process.invoke(join(ROOM, next(users)))
        answer = process.invoke(join(ROOM, *islice(users, size)))
        peak = process.peak_memory_bytes()
    with deployment() as behind:
        behind.create_rooms(ROOM)
        update = bare_updates.seen_in(behind, ROOM)
        bare = bare_updates.send(behind.dynamodb, update, list(islice(users, size)))
    applied, deferred = answer.body["applied"], answer.body["deferred"]
    return Crowd(size, answer.seconds, applied, deferred, peak, bare)
