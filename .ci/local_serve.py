"""`chatroom serve` on free ports, and a sender that signs callbacks as the IM server does."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
APP_KEY, APP_SECRET = "someappKey", "Y1W2MeFwwwRxa0"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CHATROOM = TARGET / "debug" / "chatroom"


class Serve:
    def __init__(self, addresses):
        self.callbacks, self.dynamodb, self.sweeps = addresses

    def send(self, *events):
        """Sends a callback. Whatever it does not apply in time, the worker does later."""
        timestamp, nonce = str(time.time_ns() // 1_000_000), "14314"
        signature = hashlib.sha1(f"{APP_SECRET}{nonce}{timestamp}".encode()).hexdigest()
        query = urllib.parse.urlencode(
            {"appKey": APP_KEY, "timestamp": timestamp, "nonce": nonce, "signature": signature}
        )
        url = urllib.parse.urlsplit(self.callbacks)
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"{url.path}?{query}", json.dumps(events), headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        assert response.status == 200 and json.loads(answer)["quarantined"] == 0, answer

    def sweep(self, room):
        """Asks for a sweep now. The one that the room's end asked for is due when all is over."""
        command = [CHATROOM, "sweep", room, "--queue", self.sweeps]
        environment = os.environ | {"SWEEP_DELAY_SECONDS": "0"}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def serve():
    """Runs it with data in memory, until the block ends. If that fails, what it said is shown."""
    command = [CHATROOM, "serve", "--memory"]
    command += ["--port", "0", "--dynamodb-port", "0", "--sqs-port", "0"]
    with tempfile.NamedTemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | {"SWEEP_DELAY_SECONDS": "900"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Serve(wait_for(lambda: addresses(process, pathlib.Path(log.name))))
        except BaseException:
            said = pathlib.Path(log.name).read_text(errors="replace")
            print("--- chatroom serve:", said[-3000:], "---", sep="\n")
            raise
        finally:
            process.terminate()
            process.wait(10)


def addresses(process, log):
    """The addresses that it prints; None as long as one is missing."""
    assert process.poll() is None, "chatroom serve did not start"
    text = log.read_text(errors="replace")
    names = "callbacks?", "dynamodb", "sweeps?"
    found = [re.search(rf"^\W*{name}\s.*?(http://\S+)", text, re.M) for name in names]
    return [match[1] for match in found] if all(found) else None


def wait_for(condition, seconds=60):
    """Waits until a condition holds, and gives what it gave."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
    return result
