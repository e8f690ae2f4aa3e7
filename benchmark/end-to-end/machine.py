"""Where and when it was measured."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """As a reader wants to know it."""

    cpu: str
    cores: int
    kernel: str
    date: str


def this_machine() -> Machine:
    """This one, today."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    # Processors other than x86 do not say what they are called.
    cpu = models[0] if models else platform.machine()
    kernel = f"{platform.system()} {platform.release()}"
    return Machine(cpu, os.cpu_count(), kernel, time.strftime("%Y-%m-%d"))
