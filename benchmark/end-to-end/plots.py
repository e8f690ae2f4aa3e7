"""The results as pictures."""

from pathlib import Path

from functions import ALL
from results import Results
from style import BLUE, GREY, NUMBER, ORANGE, pair, save
from summary import grouped, middle, percentiles
from targets import MB


def draw(results: Results, folder: Path):
    """Writes all of them."""
    for name, plot in {"functions": _functions, "crowds": _crowds, "processes": _processes}.items():
        figure, left, right = pair()
        plot(results, left, right)
        save(figure, folder / f"performance-{name}.svg")


def _functions(results: Results, left, right):
    """Each function's start and first answer, and what a warm answer costs."""
    lives = grouped(results.lives, "function", "memory_mb")
    names = [function.name for function in ALL]
    for size, colour in {None: GREY, 256: BLUE, 128: ORANGE}.items():
        label = "no limit" if size is None else f"{size} MB"
        cold = [middle(lives[name, size], "cold") * 1000 for name in names]
        left.plot(cold, names, "o", color=colour, label=label)
    cpu = [middle(lives[name, None], "warm.cpu_per_answer") * 1000 for name in names]
    right.plot(cpu, names, "o", color=GREY)
    left.set(xscale="log", xlim=(1, None), xlabel="start and first answer, ms")
    right.set(xscale="log", xlim=(0.03, None), xlabel="CPU of a warm answer, ms", yticklabels=[])
    left.legend(loc="upper right")
    for axes in left, right:
        axes.margins(y=0.1)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(NUMBER)


def _crowds(results: Results, left, right):
    """How time and memory grow with the users of one callback."""
    by_size = grouped(results.crowds, "users")
    users, runs = list(by_size), list(by_size.values())
    answers = [middle(run, "seconds") for run in runs]
    left.plot(users, answers, "o-", color=ORANGE, label="one callback")
    bare = [middle(run, "bare_seconds") for run in runs]
    left.plot(users, bare, "o-", color=GREY, label="as many bare updates", zorder=1)
    right.plot(users, [middle(run, "peak_memory") / MB for run in runs], "o-", color=ORANGE)
    left.set(xscale="log", yscale="log", xlabel="users in one callback", ylabel="seconds")
    right.set(xscale="log", ylim=0, xlabel="users in one callback", ylabel="peak memory, MB")
    left.legend()
    for axis in left.xaxis, left.yaxis, right.xaxis:
        axis.set_major_formatter(NUMBER)


def _processes(results: Results, left, right):
    """What more processes bring."""
    by_count = grouped(results.processes, "processes")
    counts, runs = list(by_count), list(by_count.values())
    rates = [middle(run, "answers_per_second") for run in runs]
    left.plot(counts, rates, "o-", color=ORANGE)
    latencies = [percentiles(warm for load in run for warm in load.each) for run in runs]
    p50, _, p99 = ([seconds * 1000 for seconds in each] for each in zip(*latencies, strict=True))
    right.plot(counts, p50, "o-", color=BLUE, label="p50")
    right.plot(counts, p99, "o-", color=ORANGE, label="p99")
    left.set(ylim=0, xticks=counts, xlabel="processes", ylabel="answers per second")
    right.set(ylim=0, xticks=counts, xlabel="processes", ylabel="ms from event to answer")
    right.legend()
