"""The page that people read: tables and pictures in the template's sentences."""

from dataclasses import asdict
from pathlib import Path
from string import Template

import plots
import tables
from results import Results

TEMPLATE = Path(__file__).with_name("performance.md")


def write(results: Results, folder: Path):
    """Writes the page and its pictures into a folder."""
    plots.draw(results, folder)
    words = {
        "targets": tables.targets(results),
        "starts": tables.starts(results.lives),
        "warm": tables.warm(results.lives),
        "costs": tables.costs(results),
        "profile": tables.profile(results),
        "work": tables.work(results),
        "crowds": tables.crowds(results),
        "processes": tables.processes(results),
        "rooms": tables.rooms(results),
    }
    words |= tables.memory(results)
    words |= asdict(results.machine) | asdict(results.effort)
    words["load_answers"] = f"{results.effort.load_answers:,}"
    page = Template(TEMPLATE.read_text()).substitute(words)
    (folder / "performance.md").write_text(page)
