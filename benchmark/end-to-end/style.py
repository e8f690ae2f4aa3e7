"""The looks of all plots. The same numbers give the same files, byte for byte."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

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


def pair():
    """A picture with room for two plots: it, the left one and the right one."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 2.8))
    return figure, left, right


def save(figure, file: Path):
    """Writes a picture of two plots."""
    for axes in figure.axes:
        axes.minorticks_off()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
