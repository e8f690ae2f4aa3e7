"""What is uploaded of a function that is a binary."""

import io
import zipfile
from dataclasses import dataclass

from functions import ALL


@dataclass(frozen=True)
class Size:
    """In bytes."""

    function: str
    binary: int
    zip: int


def measure() -> list[Size]:
    """The binaries and their zip files."""
    return [
        Size(function.name, function.binary.stat().st_size, _zipped(function.binary.read_bytes()))
        for function in ALL
        if function.binary
    ]


def _zipped(binary: bytes) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as deployed:
        deployed.writestr("bootstrap", binary)
    return len(buffer.getvalue())
