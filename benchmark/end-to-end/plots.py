"""The results as pictures. The same results give the same files, byte for byte."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

from functions import ALL
from results import Results
from summary import grouped, middle, percentiles
from targets import MB

pyplot.rcParams.update(
    {
        "svg.hashsalt": "chatroom-status-sync",
        # Text as text: smaller, and found by a search.
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": "#dddddd",
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
    }
)

BLUE, ORANGE, GREY = "#1f77b4", "#ff7f0e", "#7f7f7f"
# Instead of powers of ten.
NUMBER = "{x:,g}"


def draw(results: Results, folder: Path):
    """Writes all of them."""
    for name, plot in {"functions": _functions, "crowds": _crowds, "processes": _processes}.items():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 2.8))
        plot(results, left, right)
        for axes in left, right:
            axes.minorticks_off()
        figure.savefig(folder / f"performance-{name}.svg", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


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
