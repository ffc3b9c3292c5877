"""A certificate of the tests' own: what a server shows, and what a client must trust."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certificate:
    """Contexts of the two sides; it is good for ``localhost`` and 127.0.0.1."""

    server: ssl.SSLContext
    trusting: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """Sign one with openssl; where that is not installed, the test is skipped."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate to try TLS with")
    key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = [*request.split(), names, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return Certificate(server, ssl.create_default_context(cafile=cert))
