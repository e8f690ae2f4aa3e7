"""The share of a core that Lambda gives a function: no limit while it starts, then what its memory
buys, enforced by the kernel (CFS bandwidth control) as on Lambda."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

# Lambda gives one core at this size, and in proportion below it.
MB_OF_A_CORE = 1769
# Lambda's own period. It matters: a process that has used its share of one waits for the next.
PERIOD_US = 20_000

_V1 = Path("/sys/fs/cgroup/cpu")
_V2 = Path("/sys/fs/cgroup")


def share_of(memory_mb: int) -> float:
    """The part of a core that a function of this size gets."""
    return memory_mb / MB_OF_A_CORE


@contextlib.contextmanager
def cpu_of(memory_mb: int | None) -> Iterator[Callable[[int], None]]:
    """Gives what limits a process, by its id, to the share of this size, or what leaves it alone if
    there is none. When this ends, the process must have ended."""
    if memory_mb is None:
        yield lambda _: None
        return
    quota_us = round(PERIOD_US * share_of(memory_mb))
    hierarchy, limits = _controller(quota_us)
    group = hierarchy / f"chatroom-benchmark-{os.getpid()}"
    group.mkdir()
    try:
        for name, value in limits.items():
            (group / name).write_text(value)

        def limit(pid: int):
            (group / "cgroup.procs").write_text(str(pid))

        yield limit
    finally:
        group.rmdir()


def _controller(quota_us: int) -> tuple[Path, dict[str, str]]:
    """Where groups are made, and what limits one: version 1 of control groups, or version 2."""
    if (_V1 / "cpu.cfs_quota_us").exists():
        return _V1, {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
    controllers = _V2 / "cgroup.controllers"
    if controllers.exists() and "cpu" in controllers.read_text().split():
        (_V2 / "cgroup.subtree_control").write_text("+cpu")
        return _V2, {"cpu.max": f"{quota_us} {PERIOD_US}"}
    raise RuntimeError(f"no CPU controller: neither {_V1} nor a version 2 at {_V2} has one")
