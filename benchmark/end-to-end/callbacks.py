"""Callbacks as the IM server signs them, in the events that API Gateway makes of them."""

import hashlib
import itertools
import json
import time
from collections.abc import Iterator

# The app, secret and nonce of the vendor's documentation.
APP_KEY, APP_SECRET, NONCE = "someappKey", "Y1W2MeFwwwRxa0", "14314"
PATH = "/chatroom_status_sync"
CREATE, JOIN = 0, 1


def now() -> int:
    """Unix milliseconds, by the IM server's clock and by API Gateway's."""
    return int(time.time() * 1000)


def change(room: str, users: list[str], kind: int) -> dict:
    """One event of a callback's body: these users joined the room now, or it was created."""
    return {"chatRoomId": room, "userIds": users, "status": 0, "type": kind, "time": now()}


def query() -> str:
    """What signs a callback. The body is not covered."""
    timestamp = now()
    signature = hashlib.sha1(f"{APP_SECRET}{NONCE}{timestamp}".encode()).hexdigest()
    return f"appKey={APP_KEY}&timestamp={timestamp}&nonce={NONCE}&signature={signature}"


def gateway_event(changes: list[dict]) -> bytes:
    """The event with which Lambda invokes a function for a callback that is signed now."""
    http = {"method": "POST", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    event = {
        "version": "2.0",
        "routeKey": f"POST {PATH}",
        "rawPath": PATH,
        "rawQueryString": query(),
        "headers": {"content-type": "application/json", "host": "example.com"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "benchmark",
            "domainName": "example.com",
            "domainPrefix": "example",
            "http": http | {"userAgent": "benchmark"},
            "requestId": "benchmark",
            "routeKey": f"POST {PATH}",
            "stage": "$default",
            "time": "01/Jan/2025:00:00:00 +0000",
            "timeEpoch": now(),
        },
        "body": json.dumps(changes, separators=(",", ":")),
        "isBase64Encoded": False,
    }
    return json.dumps(event).encode()


def join(room: str, *users: str) -> bytes:
    """A callback of one event: these users joined."""
    return gateway_event([change(room, list(users), JOIN)])


_newcomers = itertools.count()


def newcomers() -> Iterator[str]:
    """Users of whom the table has not heard, so that each join is a write; all ids are as long."""
    return (f"user-{number:08}" for number in _newcomers)


def joins(rooms: list[str]) -> Iterator[bytes]:
    """Callbacks without end, of one newcomer each, into the rooms in turn. Each is signed when it
    is asked for."""
    return (join(room, user) for room, user in zip(itertools.cycle(rooms), newcomers()))
