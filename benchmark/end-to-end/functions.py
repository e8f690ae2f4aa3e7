"""The functions under comparison: how each is started, and what of it is deployed."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from deployment import ROOT

PEERS = ROOT / "benchmark" / "peers"


@dataclass(frozen=True)
class Function:
    """One of them."""

    name: str
    command: list[str]
    # The binary, where the function is one.
    binary: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)


def _binary(name: str, path: Path) -> Function:
    return Function(name, [str(path)], path)


CALLBACK = _binary("callback", ROOT / "target" / "release" / "callback")
FLOOR = _binary("floor", PEERS / "floor" / "target" / "release" / "floor")
RUST_DEFAULTS = _binary(
    "rust-defaults", PEERS / "rust-defaults" / "target" / "release" / "rust-defaults"
)
PYTHON = Function(
    "python",
    [str(PEERS / "python" / ".venv" / "bin" / "python"), "-m", "awslambdaric", "app.handler"],
    variables={"PYTHONPATH": str(PEERS / "python")},
)
# Found here, because the functions have another search path.
NODE = Function("node", [shutil.which("node") or "node", str(PEERS / "node" / "bootstrap.mjs")])

ALL = [CALLBACK, FLOOR, RUST_DEFAULTS, PYTHON, NODE]

# The same code, with the names that a profiler needs.
WITH_SYMBOLS = {
    CALLBACK.name: ROOT / "target" / "profiling" / "callback",
    FLOOR.name: PEERS / "floor" / "target" / "profiling" / "floor",
}
