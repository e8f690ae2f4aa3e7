"""TLS in front of the engine, because DynamoDB is behind TLS: stunnel, and a certificate of our
own."""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deployment import deployment

# RSA with 2048 bits, as DynamoDB's own certificates have.
_KEY = ["-newkey", "rsa:2048", "-noenc", "-subj", "/CN=chatroom benchmark"]
# One suite, so that nobody's handshake is cheaper for what it prefers.
_SETTINGS = """
foreground = yes
pid =
syslog = no
debug = err
[dynamodb]
accept = 127.0.0.1:{port}
connect = {address}
ciphersuites = TLS_AES_128_GCM_SHA256
cert = {folder}/loopback.pem
key = {folder}/loopback.key
"""


@contextlib.contextmanager
def deployment_behind_tls(*rooms: str) -> Iterator[dict[str, str]]:
    """One with these rooms. Gives the variables of a function in front of it."""
    with deployment() as behind, _tls_to(behind.dynamodb) as tls:
        behind.create_rooms(*rooms)
        yield behind.variables() | tls


@contextlib.contextmanager
def _tls_to(dynamodb: str) -> Iterator[dict[str, str]]:
    """Gives the variables with which a function uses TLS to get to the engine: its other URL, and
    the authority to trust, for an AWS SDK, for what reads OpenSSL's store, and for Node.js."""
    with tempfile.TemporaryDirectory() as name:
        folder, port, address = Path(name), _free_port(), dynamodb.removeprefix("http://")
        authority = _make_certificate(folder)
        settings = folder / "stunnel.conf"
        settings.write_text(_SETTINGS.format(port=port, address=address, folder=folder))
        # It warns of running as root, and of nothing else.
        server = subprocess.Popen(["stunnel4", settings], stderr=subprocess.DEVNULL)
        try:
            _wait_until_it_listens(port, server)
            trusting = ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]
            url = {"AWS_ENDPOINT_URL_DYNAMODB": f"https://localhost:{port}"}
            yield url | dict.fromkeys(trusting, str(authority))
        finally:
            server.kill()
            server.wait()


def _make_certificate(folder: Path) -> Path:
    """Makes one for loopback. Gives the authority that signed it."""
    authority, authority_key = folder / "authority.pem", folder / "authority.key"
    loopback, key, request = (folder / f"loopback.{kind}" for kind in ("pem", "key", "csr"))
    names = folder / "names"
    names.write_text("subjectAltName = DNS:localhost, IP:127.0.0.1\n")
    _openssl("req", "-x509", *_KEY, "-keyout", authority_key, "-out", authority)
    _openssl("req", *_KEY, "-keyout", key, "-out", request)
    signer = ["-CA", authority, "-CAkey", authority_key, "-extfile", names]
    _openssl("x509", "-req", "-in", request, *signer, "-out", loopback)
    return authority


def _openssl(*arguments: str | Path):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_until_it_listens(port: int, server: subprocess.Popen):
    while server.poll() is None:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port)).close()
        time.sleep(0.01)
    raise RuntimeError(f"{server.args} ended")
