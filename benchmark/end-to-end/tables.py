"""The results as Markdown tables."""

import math
from statistics import median

from crowds import Crowd, to_bare_updates
from functions import ALL, CALLBACK, FLOOR
from lives import Life
from results import Results
from summary import grouped, middle, percentiles
from targets import MB, judge


def targets(results: Results) -> str:
    """What was to be reached."""
    judged = judge(results)
    rows = [
        (each.what, each.limit, each.reached, "yes" if each.met else "**no**") for each in judged
    ]
    return _table(["", "target", "reached", "met"], rows)


def starts(lives: list[Life]) -> str:
    """From nothing to the first answer."""
    groups = grouped(lives, "function", "memory_mb")
    ours = middle(groups[CALLBACK.name, 128], "cold")
    rows = []
    for name in grouped(lives, "function"):
        unlimited, larger, smaller = (groups[name, size] for size in (None, 256, 128))
        first = [_ms(middle(each, "first_answer")) for each in (unlimited, larger, smaller)]
        cold = [life.cold for life in smaller]
        start = _ms(middle(unlimited + larger + smaller, "start"))
        ratio = f"{median(cold) / ours:.3g} ×"
        rows.append((name, start, *first, _ms(median(cold)), _ms(max(cold)), ratio))
    head = ["function", "start", "first answer: no limit", "256 MB", "128 MB"]
    return _table([*head, "start and first answer at 128 MB", "slowest", "to callback"], rows)


def warm(lives: list[Life]) -> str:
    """Answers of processes that have answered before."""
    groups = grouped(lives, "memory_mb", "function")
    rows = []
    for size in (None, 256, 128):
        for name in grouped(lives, "function"):
            warm = [life.warm for life in groups[size, name]]
            rate = f"{middle(warm, 'answers_per_second'):,.0f}"
            cpu = _ms(middle(warm, "cpu_per_answer"))
            memory = "no limit" if size is None else f"{size} MB"
            rows.append((memory, name, *map(_ms, percentiles(warm)), rate, cpu))
    return _table(["size", "function", "p50", "p90", "p99", "answers/s", "CPU per answer"], rows)


def costs(results: Results) -> str:
    """What does not depend on the machine's speed."""
    lives = grouped(results.lives, "function")
    counts, sizes = grouped(results.instructions, "function"), grouped(results.sizes, "function")
    rows = []
    for function in ALL:
        peak = f"{max(life.peak_memory for life in lives[function.name]) / MB:.1f} MB"
        if function.binary:
            [count], [size] = counts[function.name], sizes[function.name]
            numbers = [count.start, count.first_answer, count.warm_answer]
            numbers = [_millions(sum(parts.values())) for parts in numbers]
            bytes_ = [f"{number / MB:.2f} MB" for number in (size.binary, size.zip)]
        else:
            numbers, bytes_ = ["–"] * 3, ["–"] * 2
        rows.append((function.name, *numbers, peak, *bytes_))
    head = ["function", "instructions: start", "first answer", "warm answer"]
    return _table([*head, "peak memory", "binary", "zip"], rows)


def profile(results: Results) -> str:
    """What the instructions are for."""
    counts = grouped(results.instructions, "function")
    [ours], [floor] = counts[CALLBACK.name], counts[FLOOR.name]
    columns = [ours.start, floor.start, ours.warm_answer, floor.warm_answer]
    parts = sorted(ours.warm_answer, key=ours.warm_answer.get, reverse=True)
    rows = [(part, *(_millions(column[part]) for column in columns)) for part in parts]
    rows.append(("all", *(_millions(sum(column.values())) for column in columns)))
    head = [f"{what}: {who}" for what in ("start", "warm answer") for who in ("callback", "floor")]
    return _table(["for", *head], rows)


def work(results: Results) -> str:
    """What the table has to do."""
    rows = [
        (
            each.function,
            each.room,
            ", ".join(each.requests),
            each.round_trips,
            f"{each.write_units:g}",
            f"{each.read_units:g}",
        )
        for each in results.work
    ]
    head = ["function", "the room was", "requests", "round trips", "write units", "read units"]
    return _table(head, rows)


def crowds(results: Results) -> str:
    """Callbacks about many users."""
    by_size = grouped(results.crowds, "users")
    rows = []
    for users, runs in by_size.items():
        ratio = to_bare_updates(runs)
        ratio = f"{ratio:.2f} ×" if math.isfinite(ratio) else "–"
        stored = [f"{middle(runs, field):,.0f}" for field in ("applied", "deferred")]
        seconds = [_ms(middle(runs, field)) for field in ("seconds", "bare_seconds")]
        per_user = _bytes_per_user(by_size, users) if users > 1 else "–"
        memory = [f"{middle(runs, 'peak_memory') / MB:.1f} MB", per_user]
        rows.append((f"{users:,}", *seconds, ratio, *stored, *memory))
    head = ["users", "answer", "bare updates", "ratio", "applied", "deferred"]
    return _table([*head, "peak memory", "bytes per user"], rows)


def memory(results: Results) -> dict[str, str]:
    """What each user of the largest callback takes, in bytes."""
    by_size = grouped(results.crowds, "users")
    most = max(by_size)
    return {"bytes_per_user": _bytes_per_user(by_size, most), "most_users": f"{most:,}"}


def _bytes_per_user(by_size: dict[int, list[Crowd]], users: int) -> str:
    grown = middle(by_size[users], "peak_memory") - middle(by_size[1], "peak_memory")
    return f"{grown / users:,.0f}"


def processes(results: Results) -> str:
    """Several processes at once."""
    return _loads(results.processes, "processes")


def rooms(results: Results) -> str:
    """One process, and joins of few or many rooms."""
    return _loads(results.rooms, "rooms")


def _loads(loads: list, varied: str) -> str:
    rows = []
    for value, runs in grouped(loads, varied).items():
        warm = [each for run in runs for each in run.each]
        rate = f"{middle(runs, 'answers_per_second'):,.0f}"
        cpu = _ms(middle(warm, "cpu_per_answer"))
        rows.append((f"{value:,}", rate, *map(_ms, percentiles(warm)), cpu))
    return _table([varied, "answers/s", "p50", "p90", "p99", "CPU per answer"], rows)


def _ms(seconds: float) -> str:
    """Milliseconds with three digits that matter."""
    ms = seconds * 1000
    return f"{ms:,.{0 if ms >= 100 else 1 if ms >= 10 else 2}f} ms"


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M"


def _table(head: list[str], rows: list[tuple]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)
