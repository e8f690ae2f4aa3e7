"""What stands behind the functions: DynamoDB and SQS on this machine, each on a free port."""

import contextlib
import dataclasses
import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import callbacks

ROOT = Path(__file__).resolve().parents[2]
CHATROOM = ROOT / "target" / "release" / "chatroom"
TABLE, IDEMPOTENCY_TABLE = "chatrooms", "idempotency"
# A line such as `dead letters http://...`.
ADDRESS = re.compile(r"(callbacks|dynamodb|deferred|sweeps|dead letters) +(http://\S+)")


@dataclasses.dataclass(frozen=True)
class Deployment:
    """The addresses that `chatroom serve` prints."""

    callbacks: str
    dynamodb: str
    deferred: str
    sweeps: str
    dead_letters: str

    @classmethod
    def read(cls, lines: Iterator[str]) -> "Deployment":
        """Each address stands on a line of its own, behind its name."""
        addresses = {}
        for line in lines:
            if found := ADDRESS.match(line):
                addresses[found[1].replace(" ", "_")] = found[2]
            if len(addresses) == len(dataclasses.fields(cls)):
                return cls(**addresses)
        raise RuntimeError(f"chatroom serve ended after it printed only {addresses}")

    def variables(self) -> dict[str, str]:
        """What a function needs to work in front of it."""
        return {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb,
            "AWS_ENDPOINT_URL_SQS": self.dead_letters.split("/0000")[0],
            "DEAD_LETTER_QUEUE_URL": self.dead_letters,
            "DEFERRED_QUEUE_URL": self.deferred,
            "SWEEP_QUEUE_URL": self.sweeps,
            "TABLE_NAME": TABLE,
            "IDEMPOTENCY_TABLE": IDEMPOTENCY_TABLE,
            "APP_SECRETS": json.dumps({callbacks.APP_KEY: callbacks.APP_SECRET}),
            "SIGNATURE_MAX_AGE_SECONDS": "900",
        }

    def create_rooms(self, *rooms: str) -> list[str]:
        """Has rooms created, as the IM server reports it before anybody joins."""
        changes = [callbacks.change(room, [], callbacks.CREATE) for room in rooms]
        answer = _post(
            f"{self.callbacks}?{callbacks.query()}", {"Content-Type": "application/json"}, changes
        )
        if answer["applied"] != len(rooms):
            raise RuntimeError(f"not all of {len(rooms)} rooms were created: {answer}")
        return list(rooms)


@contextlib.contextmanager
def deployment() -> Iterator[Deployment]:
    """An empty one. The table is in memory, and a worker writes what functions defer."""
    command = [CHATROOM, "serve", "--memory"]
    command += ["--port", "0", "--dynamodb-port", "0", "--sqs-port", "0"]
    server = subprocess.Popen(command, env={}, stdout=subprocess.PIPE, text=True)
    try:
        # What it prints later fits into the pipe.
        started = Deployment.read(server.stdout)
        _create_idempotency_table(started.dynamodb)
        yield started
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _create_idempotency_table(dynamodb: str):
    """The second table, which one of the peers needs."""
    definition = {
        "TableName": IDEMPOTENCY_TABLE,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    # The engine wants to see a signature, and does not check it.
    scope = "benchmark/20250101/us-east-1/dynamodb/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20250101T000000Z",
        "X-Amz-Target": "DynamoDB_20120810.CreateTable",
    }
    _post(dynamodb, headers, definition)


def _post(url: str, headers: dict[str, str], body) -> dict:
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)
