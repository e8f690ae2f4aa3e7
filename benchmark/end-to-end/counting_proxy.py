"""A proxy between a function and DynamoDB that notes what passes."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How long each answer is held back, so that requests of which none waits for another overlap.
_HELD_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """A request as the function sent it, and the capacity units that it consumed."""

    operation: str
    head: str
    body: bytes
    units: float
    # On one clock.
    began: float
    answered: float

    @property
    def is_read(self) -> bool:
        """Whether its units are read units."""
        return self.operation in {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}


def round_trips(requests: list[Request]) -> int:
    """The longest chain of requests of which each began after the one before was answered. That is
    how often one waits for the network, whatever else goes on beside them."""
    length, last = 0, 0.0
    for request in sorted(requests, key=lambda request: request.answered):
        if request.began >= last:
            length, last = length + 1, request.answered
    return length


@contextlib.contextmanager
def counting(dynamodb: str) -> Iterator[tuple[str, list[Request]]]:
    """Gives a URL that leads to this one, and the list of the requests that were answered."""
    server = _Proxy(dynamodb)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, dynamodb: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dynamodb = dynamodb.removeprefix("http://")
        self.requests: list[Request] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        began = time.perf_counter()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, answer = self._forward(body)
        time.sleep(_HELD_SECONDS)
        lines = [self.requestline, *(f"{name}: {value}" for name, value in self.headers.items())]
        request = Request(
            operation=self.headers["X-Amz-Target"].split(".")[1],
            head="".join(f"{line}\r\n" for line in lines),
            body=body,
            units=_units(json.loads(answer)),
            began=began,
            answered=time.perf_counter(),
        )
        # Before the function can know, so that the list is complete once the function has answered.
        self.server.requests.append(request)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Sends a request on, and asks what it consumes; SDKs skip what they do not expect."""
        asking = json.loads(body) | {"ReturnConsumedCapacity": "INDEXES"}
        ours = {"host", "content-length"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ours}
        engine = http.client.HTTPConnection(self.server.dynamodb)
        with contextlib.closing(engine):
            engine.request("POST", self.path, json.dumps(asking), headers)
            response = engine.getresponse()
            return response.status, response.getheaders(), response.read()

    def log_message(self, *_):
        """Says nothing."""


def _units(answer: dict) -> float:
    consumed = answer.get("ConsumedCapacity", [])
    tables = consumed if isinstance(consumed, list) else [consumed]
    return sum(table["CapacityUnits"] for table in tables)
