"""Draws a crowd and a sweep, before and after a change, into docs/performance-bursts.svg.

    plots.py <before> <after>

Both are folders with the crowd.json and sweep.json that `--json` wrote.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmark" / "end-to-end"))

from style import BLUE, GREY, NUMBER, ORANGE, pair, save


def main():
    before, after = (Path(folder) for folder in sys.argv[1:])
    figure, crowd, sweep = pair()
    for axes, name, label in (
        (crowd, "crowd", "members in the room"),
        (sweep, "sweep", "memberships ended"),
    ):
        runs = [json.loads((folder / f"{name}.json").read_text()) for folder in (before, after)]
        _draw(axes, *runs)
        axes.set(ylabel=label)
    crowd.set(title="a crowd joins")
    sweep.set(title="a room's end")
    crowd.legend(loc="lower right")
    save(figure, ROOT / "docs" / "performance-bursts.svg")


def _draw(axes, before: dict, after: dict):
    """Items that were as they should be, over the seconds."""
    for run, colour, label in (before, ORANGE, "before"), (after, BLUE, "after"):
        points = [(0, 0)]
        points += [(sample["second"] + 1, sample["right"]) for sample in run["seconds"]]
        if run["right_seconds"] is not None:
            points = [point for point in points if point[0] < run["right_seconds"]]
            points.append((run["right_seconds"], run["changes"]))
        axes.plot(*zip(*points, strict=True), color=colour, label=label)
    least = after["least_seconds"]
    axes.plot([0, least], [0, after["changes"]], "--", color=GREY, label="least possible", zorder=1)
    axes.set(xlim=0, ylim=0, xlabel="seconds")
    axes.yaxis.set_major_formatter(NUMBER)


if __name__ == "__main__":
    main()
