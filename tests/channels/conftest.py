"""What the tests of all channels may ask for."""

import pytest

from tests.channels.certificate import Certificate, make_certificate
from tests.ordered import backwards

__all__ = ["backwards"]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))
