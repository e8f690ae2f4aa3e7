"""The largest bodies that a gateway delivers, at the share of a core that little memory buys."""

from collections.abc import Iterator
from dataclasses import dataclass

from callbacks import JOIN, change, gateway_event
from cpu_share import cpu_of
from deployment import deployment
from functions import CALLBACK
from process import Process

# Lambda takes an event of 6 MB. Quotes are escaped in it, so that a body of this size is above that.
BODY_BYTES = 5_500_000
SIZES_MB = [256, 128]


@dataclass(frozen=True)
class Body:
    """One body in a fresh process."""

    name: str
    memory_mb: int
    event_bytes: int
    seconds: float
    counts: dict[str, int]
    peak_memory: int


def measure() -> Iterator[Body]:
    """Each body at each size, in a process and a deployment of its own."""
    for memory_mb in SIZES_MB:
        for name, changes in _bodies().items():
            yield _answer(name, memory_mb, changes)


def table() -> str:
    """What was measured, as Markdown."""
    lines = [
        "| body | event | memory | answered after | applied | deferred | quarantined | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for body in measure():
        counts = " | ".join(f"{body.counts[n]:,}" for n in ("applied", "deferred", "quarantined"))
        lines.append(
            f"| {body.name} | {body.event_bytes / 1e6:.1f} MB | {body.memory_mb} MB "
            f"| {body.seconds:.2f} s | {counts} | {body.peak_memory / 1e6:.0f} MB |"
        )
    return "\n".join(lines)


def _answer(name: str, memory_mb: int, changes: list) -> Body:
    with deployment() as behind, cpu_of(memory_mb) as limit:
        with Process(CALLBACK, behind.variables()) as process:
            process.start()
            limit(process.child.pid)
            event = gateway_event(changes)
            answer = process.invoke(event)
            peak = process.peak_memory_bytes()
    return Body(name, memory_mb, len(event), answer.seconds, answer.body, peak)


def _bodies() -> dict[str, list]:
    """Few bytes for each user, for each room, and for each thing that is no event."""
    return {
        "one event, ids of 7 bytes": [_joins(BODY_BYTES // 10, "{:07}")],
        "one event, ids of up to 5 bytes": [_joins(BODY_BYTES // 7, "{:x}")],
        "an event for each room": [
            change(f"r{room}", ["u"], JOIN) for room in range(BODY_BYTES // 82)
        ],
        "no events at all": [1] * (BODY_BYTES // 2),
    }


def _joins(users: int, form: str) -> dict:
    return change("stadium", [form.format(user) for user in range(users)], JOIN)
