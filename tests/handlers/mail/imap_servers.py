"""IMAP servers of others that tests start: Dovecot where it is installed, otherwise pymap.

Dovecot (Debian: ``dovecot-imapd``) of 2.3 and of 2.4, whose configurations differ, is asked for its
version. Each server listens on loopback only, keeps everything in a folder of its own, and ends
with the process of the tests, even when that is killed.
"""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sandbox.process import python, tied
from tests.ports import free_port

PASSWORD: Final = "secret"
BINARY: Final = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PATIENCE: Final = 60.0  # seconds until a server listens


class OtherServer:
    """An IMAP server in processes of its own, and a look into the mailbox of ``user``."""

    keeps_mail = True  # over a restart
    delimiter = "/"

    def __init__(self, user: str) -> None:
        self.user = user
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="frontdoor-imap-"))
        self.process: subprocess.Popen[bytes] | None = None
        self._box: imaplib.IMAP4 | None = None

    def command(self) -> list[str]:
        """The command line of the server, which stays in the foreground."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and return when it answers. It is started again where it ends: while a process
        of the one that was killed is dying, Dovecot takes that one for running.
        """
        process = self._spawn()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                process = self._spawn()
            with suppress(OSError):
                self.look(lambda box: box.noop())
                return
            time.sleep(0.02)
        raise AssertionError(f"it does not listen:\n{(self.folder / 'log').read_text()[-2000:]}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                tied(self.command()), stdout=log, stderr=log, start_new_session=True
            )
        return self.process

    def kill(self) -> None:
        """End all its processes at once, as a power cut does."""
        self._hang_up()
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        """End it, and delete what it kept."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def look(self, at: Callable[[imaplib.IMAP4], Any]) -> Any:
        """Do something in the mailbox, over a connection that is kept."""
        if self._box is None:
            box = imaplib.IMAP4("127.0.0.1", self.port, timeout=PATIENCE)
            box.login(self.user, PASSWORD)
            self._box = box
        try:
            return at(self._box)
        except (OSError, imaplib.IMAP4.abort):
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with suppress(OSError):
                box.shutdown()

    def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into the mailbox, as one that nobody has read."""
        answer, _ = self.look(lambda box: box.append(folder, "", "", raw))
        assert answer == "OK"

    def found(self, folder: str, criterion: str) -> list[bytes]:
        """The numbers (UID) of the mails in a folder, which is written as on the wire; none where
        there is no folder.
        """

        def search(box: imaplib.IMAP4) -> list[bytes]:
            if box.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            _, (numbers,) = box.uid("search", criterion)
            return list(numbers.split())

        return list(self.look(search))

    def mark(self, flag: str, criterion: str = "ALL") -> None:
        """Set a flag at mails of the inbox, as a colleague's program does."""

        def store(box: imaplib.IMAP4) -> None:
            box.select("INBOX")
            for number in box.uid("search", criterion)[1][0].split():
                box.uid("store", number.decode(), "+FLAGS", f"({flag})")

        self.look(store)

    def renumber(self) -> None:
        """Make the mailbox anew, empty, with another UIDVALIDITY: it has moved to a new server."""
        self.kill()
        self.start()
        self.empty()  # it may begin with mails of its own

    def empty(self) -> None:
        """Delete all folders but the inbox, and all mails."""

        def delete_folders(box: imaplib.IMAP4) -> None:
            box.select("INBOX")
            for line in box.list()[1]:
                name = str(line).rpartition(" ")[2].strip("'\"")
                if name.upper() != "INBOX":
                    box.delete(f'"{name}"')

        self.look(delete_folders)
        self.mark("\\Deleted")
        self.look(lambda box: box.expunge())


class Dovecot(OtherServer):
    """Dovecot with one user, mails in Maildir."""

    delimiter = "."

    def command(self) -> list[str]:
        assert BINARY is not None
        path = self.folder / "dovecot.conf"
        if not path.exists():
            path.write_text(self._configuration(_version()))
        return [BINARY, "-F", "-c", str(path)]

    def renumber(self) -> None:
        self.kill()
        for one in (self.folder / "mails").iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        self.start()

    def _configuration(self, version: tuple[int, ...]) -> str:
        """As root the mails belong to nobody, since Dovecot keeps none for root; otherwise all of
        it runs as whoever runs the tests.
        """
        root = os.geteuid() == 0
        who = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(who.pw_gid).gr_name
        mails = self.folder / "mails"
        mails.mkdir()
        if root:
            self.folder.chmod(0o755)
            shutil.chown(mails, who.pw_uid, who.pw_gid)
        facts = {
            "folder": self.folder,
            "port": self.port,
            "user": who.pw_name,
            "group": group,
            "password": PASSWORD,
        }
        dialect = DOVECOT_24 if version >= (2, 4) else DOVECOT_23
        return (dialect + DOVECOT + ("" if root else NOT_AS_ROOT)) % facts


def _version() -> tuple[int, ...]:
    assert BINARY is not None
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[0].split(".")[:2])


DOVECOT_23: Final = """
disable_plaintext_auth = no
mail_location = maildir:%(folder)s/mails
passdb {
  driver = static
  args = password=%(password)s
}
userdb {
  driver = static
  args = uid=%(user)s gid=%(group)s home=%(folder)s/mails
}
"""
DOVECOT_24: Final = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = %(folder)s/mails
passdb static {
  password = %(password)s
}
userdb static {
  fields {
    uid = %(user)s
    gid = %(group)s
    home = %(folder)s/mails
  }
}
"""
# Nothing here outlives the tests, so nothing need reach the disk.
DOVECOT: Final = """
base_dir = %(folder)s/run
state_dir = %(folder)s/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
mail_fsync = never
service imap-login {
  inet_listener imap {
    port = %(port)s
  }
  inet_listener imaps {
    port = 0
  }
}
"""
NOT_AS_ROOT: Final = """
default_internal_user = %(user)s
default_internal_group = %(group)s
default_login_user = %(user)s
service imap-login {
  chroot =
}
service anvil {
  chroot =
}
"""


class Pymap(OtherServer):
    """pymap, which keeps mails in memory."""

    keeps_mail = False

    def command(self) -> list[str]:
        start = "from pymap.main import main; main()"
        listen = ("--host", "127.0.0.1", "--port", str(self.port), "--no-tls")
        who = ("--demo-user", self.user, "--demo-password", PASSWORD)
        return python("-c", start, *listen, "dict", "--demo-data", *who)


SERVERS: Final = {"dovecot": Dovecot, "pymap": Pymap}
INSTALLED: Final = "pymap" if BINARY is None else "dovecot"
