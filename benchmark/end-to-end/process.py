"""A whole process of a function: what Lambda starts, asks and ends."""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from functions import Function
from runtime_api import Call, RuntimeApi

# Longer than any start or answer takes, even under Valgrind.
PATIENCE_SECONDS = 60


class Answer(NamedTuple):
    """What a function answered, and how long after it was given the event."""

    seconds: float
    body: dict


class Process:
    """Starts a function. As a context manager, it ends the process, whatever it is doing."""

    def __init__(self, function: Function, variables: dict[str, str]):
        self.api = RuntimeApi()
        self.log = tempfile.TemporaryFile()
        environment = (
            variables
            | function.variables
            | {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LANG": "en_US.UTF-8",
                "AWS_LAMBDA_RUNTIME_API": self.api.address,
                "AWS_LAMBDA_FUNCTION_NAME": "callback",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            }
        )
        self.started = time.perf_counter()
        self.child = subprocess.Popen(
            function.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            # Lets Python spawn instead of forking itself, 0.15 ms instead of up to 5.
            close_fds=False,
        )
        self.poll: Call | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.api.close()
        self.log.close()

    def start(self) -> float:
        """Waits until the process asks for something to do. Gives the seconds since its start."""
        self.poll = self._call("/next")
        return self.poll.at - self.started

    def invoke(self, event: bytes) -> Answer:
        """Has an event answered, and waits until the process asks for the next one."""
        given = time.perf_counter()
        self.api.give(self.poll, event)
        answer = self._call("/response")
        self.api.accept(answer)
        self.poll = self._call("/next")
        response = json.loads(answer.body)
        if response["statusCode"] != 200:
            raise self._failure(f"answered {response}")
        return Answer(answer.at - given, json.loads(response["body"]))

    def cpu_seconds(self) -> float:
        """What all its threads have used so far, by the kernel's CPU clock of this process. Python
        has no `clock_getcpuclockid`, so the clock's id is made here as there."""
        return time.clock_gettime(~self.child.pid << 3 | 2)

    def peak_memory_bytes(self) -> int:
        """The most memory that was resident at any time."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def _call(self, path: str) -> Call:
        for _ in range(PATIENCE_SECONDS):
            call = self.api.call(seconds=1)
            if call and call.path.endswith(path):
                return call
            if call or self.child.poll() is not None:
                raise self._failure(f"sent {call} instead of {path}")
        raise self._failure("hangs")

    def _failure(self, what: str) -> Exception:
        self.log.seek(0)
        log = self.log.read().decode(errors="replace")
        return RuntimeError(f"{self.child.args} {what}; its log:\n{log}")
