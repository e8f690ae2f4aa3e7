"""An emulated AWS for one check: ministack on a free loopback port, gone when the check is over.

Importing this restarts the script with the Python that ministack and boto3 are installed for.
"""

import contextlib
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"
BUILD = ROOT / ".aws-sam" / "build"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
APP_KEY, APP_SECRET = "someappKey", "Y1W2MeFwwwRxa0"
APP_SECRETS = json.dumps({APP_KEY: APP_SECRET})

if pathlib.Path(sys.prefix).resolve() != (TOOLS / "ministack").resolve():
    python = TOOLS / "ministack" / "bin" / "python"
    if not python.exists():
        sys.exit("ministack is not installed: run .ci/tools")
    os.execv(python, [str(python), *sys.argv])


@contextlib.contextmanager
def cloud():
    """Runs ministack, and points boto3 and all child processes to it."""
    # Being terminated is to end the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        # Nothing of the caller's AWS configuration may reach a check, nor a check reach AWS.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "HOME": folder,
            "TMPDIR": folder,
            "PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}",
        }
        settings = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with server(port, ["ministack"], settings):
            yield port


@contextlib.contextmanager
def server(port, command, variables):
    """Runs a server until the check is over. If the check fails, what the server said is shown."""
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            command, env=os.environ | variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_it_listens(process, port)
            yield
        except BaseException:
            log.seek(0)
            print(f"--- {command[0]}:", log.read(), "---", sep="\n", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(10)


def wait_until_it_listens(process, port):
    for _ in range(200):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def expect(what, actual, expected):
    """Stops the check where something is not as it should be."""
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")
    print(f"ok: {what}")
