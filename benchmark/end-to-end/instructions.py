"""Instructions, counted by Valgrind: unlike time, they are the same on a busy machine."""

import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice

from callbacks import joins
from functions import ALL, WITH_SYMBOLS, Function
from process import Process
from tls import deployment_behind_tls
from warm import ROOMS

# A warm answer is a mean of so many.
WARM = 100

# What they are for, by what a function's name or file holds; the first that fits counts.
PARTS = {
    "loading the binary": r"\[.*/ld-linux|/elf/",
    "allocating memory": r"/malloc/|:(malloc|calloc|realloc|free)\b|__rust_",
    "TLS": r"ring_core|curve25519|\bring::|rustls|webpki|aesni|ghash",
    "SHA-256 of the signature": r"\b(sha2|hmac)::",
    "Lambda runtime, lambda_http": r"\b(lambda_\w+|aws_lambda_events|query_map|serde_path_to_error)::",
    "AWS SDK, signature included": r"\baws_",
    "HTTP": r"\b(hyper|hyper_util|http|http_body|http_body_util|httparse)::",
    "the function's own": r"\b(chatroom_status_sync|callback|floor|sha1)::",
    "JSON": r"\bserde",
    "hash maps": r"hashbrown|core::hash|hash::random",
    "copying and formatting": r"mem(cpy|move|set|cmp)|(raw_vec|vec|string|fmt|str|hex)::|ToHex",
}
OTHER = "everything else"


@dataclass(frozen=True)
class Instructions:
    """Of a process of a function that is a binary, in user space, with the table behind TLS; by
    what they are for."""

    function: str
    start: dict[str, int]
    first_answer: dict[str, int]
    warm_answer: dict[str, int]


def measure() -> list[Instructions]:
    """Counts three runs of each: one without, one with one, and one with many events."""
    with deployment_behind_tls(*ROOMS) as variables:
        return [_of(function, variables) for function in ALL if function.binary]


def _of(function: Function, variables: dict[str, str]) -> Instructions:
    binary = WITH_SYMBOLS.get(function.name, function.binary)
    counted = replace(function, command=[str(binary)])
    start, first, warm = (_run(counted, variables, events) for events in (0, 1, 1 + WARM))
    parts = [*PARTS, OTHER]
    return Instructions(
        function.name,
        {part: start[part] for part in parts},
        {part: first[part] - start[part] for part in parts},
        {part: (warm[part] - first[part]) // WARM for part in parts},
    )


def _run(function: Function, variables: dict[str, str], events: int) -> Counter:
    """All instructions from the start until the last of so many events is answered."""
    with tempfile.NamedTemporaryFile() as counts:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts.name}"]
        counted = replace(function, command=[*valgrind, *function.command])
        with Process(counted, variables) as process:
            process.start()
            # One room, so that only the first answer is one that must ask what the room is.
            for event in islice(joins(ROOMS[:1]), events):
                process.invoke(event)
            # Unlike being killed, this lets Valgrind write what it counted.
            process.child.terminate()
            process.child.wait()
        return _by_part(counts.name)


def _by_part(counts: str) -> Counter:
    annotate = ["callgrind_annotate", "--threshold=100", "--auto=no", counts]
    lines = subprocess.run(annotate, check=True, capture_output=True, text=True).stdout
    parts = Counter()
    for count, function in re.findall(r"^ *([\d,]+) \( *[\d.]+%\)  (.*:.*)$", lines, re.MULTILINE):
        part = next((part for part, code in PARTS.items() if re.search(code, function)), OTHER)
        parts[part] += int(count.replace(",", ""))
    return parts
