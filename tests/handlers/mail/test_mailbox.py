"""The way to a mailbox: its server's certificate is verified."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from handlers.mail.fetch import connect, probe
from handlers.mail.mailbox_url import MailboxUrl
from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import PostOffice
from tests.channels.certificate import Certificate, make_certificate
from tests.handlers.mail.desk_by_mail import SUPPORT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def url(certificate: Certificate) -> AsyncIterator[MailboxUrl]:
    """A mailbox behind TLS."""
    office = PostOffice()
    office.open(SUPPORT, "secret")
    server = ImapServer(office, tls=certificate.server)
    await server.start()
    user = SUPPORT.replace("@", "%40")
    yield MailboxUrl.parse(f"imaps://{user}:secret@127.0.0.1:{server.port}")
    await server.stop()


async def test_a_server_that_nobody_vouches_for_gets_no_password(url: MailboxUrl) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(probe, url)


async def test_a_server_that_somebody_vouches_for_is_logged_in_to(
    url: MailboxUrl, certificate: Certificate
) -> None:
    box = await asyncio.to_thread(connect, url, certificate.trusting)
    await asyncio.to_thread(box.login, url.user, url.password, initial_folder=url.folder)
    await asyncio.to_thread(box.logout)
