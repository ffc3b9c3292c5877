"""One process of the desk: its loops, the lead that one of several has, and its end."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiogram import Bot

from bot.background import BotProfile, CacheRefresh, ChatHealthWatch, ReadsJournal
from bot.erasure_cleanup import ErasureCleanup
from bot.health_watch import HealthWatch
from bot.http_server import ANYWHERE, Hosting, HttpServer
from bot.late_imports import import_late, until_handled
from bot.mail import StoredMails
from bot.migrations import migrate
from bot.peers import Peers
from bot.polling import Poller
from bot.settings import Settings
from bot.update_queue import UpdateQueue
from bot.webhook import WebhookIntake
from channels.telegram.client.gateway import TIMEOUT as CALL_TIMEOUT
from channels.telegram.client.gateway import Gateway
from channels.telegram.client.session import LeanSession
from core.company import Company
from core.db import Database, is_transient
from core.delivery.channel import Channel
from core.delivery.courier import Courier
from core.desk import Desk
from core.setup.company_settings import settle
from core.setup.desk_health import take_lead
from core.setup.own_texts import adopt_texts, find_own_texts
from core.signing_key import make_signing_key
from core.texts import Texts
from handlers.telegram import UpdateRoutes
from handlers.telegram.operators.membership import Memberships
from scheduler.runner import Runner

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from handlers.mail.fetch import MailFetcher

log = logging.getLogger(__name__)

# Seconds a stop waits for the updates under way, and then for the deliveries they caused (R16);
# requests have as long beside the updates.
STOP_TIMEOUT: Final = 2.0
FETCHER: Final = "mail fetcher"
# Seconds between two looks who leads.
LEAD_EVERY: Final = 0.5


@dataclass(slots=True)
class App:
    """The desk of one process, with all its parts connected."""

    settings: Settings
    database: Database
    desk: Desk
    texts: Texts
    bot: Bot
    gateway: Gateway
    routes: UpdateRoutes
    channels: Mapping[str, Channel]
    courier: Courier
    update_queue: UpdateQueue
    poller: Poller | WebhookIntake
    runner: Runner
    memberships: Memberships
    health: HealthWatch
    cleanup: ErasureCleanup
    http: HttpServer | None
    fetchers: "Sequence[MailFetcher]"
    mails: StoredMails
    peers: Peers | None = None
    assistant: "Assistant | None" = None
    hosting: Hosting = ANYWHERE
    reads: ReadsJournal = field(init=False)
    _name: str = field(default_factory=lambda: secrets.token_hex(8))
    _leading: set[asyncio.Task[None]] = field(default_factory=set)
    _leads_from_the_start: bool = False
    _follows_another: bool = False
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.reads = ReadsJournal(self.desk)

    def stop(self) -> None:
        """Ask :meth:`run` to finish."""
        self._stop.set()

    async def run(self) -> None:
        """Run until :meth:`stop`, then finish what is under way (R16).

        Raises whatever ends one of the loops: a desk without one of them would fail silently.
        """
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        loops: set[asyncio.Task[None]] = set()
        late = asyncio.create_task(
            import_late(self.update_queue.first_handled), name="late imports"
        )
        try:
            if await self._prepare_unless(stop):
                loops |= self._start_loops()
                done, _ = await asyncio.wait({*loops, stop}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stop}:
                    task.result()
        finally:
            stop.cancel()
            late.cancel()
            await self._finish(loops)

    def _start_loops(self) -> set[asyncio.Task[None]]:
        return {
            asyncio.create_task(self.update_queue.run(), name="update queue"),
            asyncio.create_task(self._after_the_first(self._run_jobs), name="jobs"),
            asyncio.create_task(self.courier.run(), name="courier"),
            # a changed directory may name other chats for its teams
            asyncio.create_task(
                CacheRefresh(
                    self.desk, self.texts, self.courier.trouble_seen.set, self.adopt
                ).run(),
                name="cache refresh",
            ),
            asyncio.create_task(self._lead(), name="lead"),
            asyncio.create_task(self.reads.run(), name="reads of contact data"),
            *([] if self.peers is None else [asyncio.create_task(self.peers.run(), name="peers")]),
            *([] if self.http is None else [asyncio.create_task(self.http.run(), name="http")]),
            *self._start_forgetting(),
        }

    async def _after_the_first(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run what need not be done before whoever waits is answered."""
        await until_handled(self.update_queue.first_handled)
        await run()

    async def _run_jobs(self) -> None:
        self.runner.start()  # nothing, if the desk ends meanwhile
        await asyncio.Event().wait()

    def _start_forgetting(self) -> list[asyncio.Task[None]]:
        """Each process has copies of its own where Telegram brings updates to several machines."""
        copies = self.poller.copies
        if copies is None:
            return []
        return [asyncio.create_task(copies.run(self.desk), name="copies of updates")]

    async def _lead(self) -> None:
        """Fetch, deliver and watch over the desk whenever this process is the one that does (R23).

        Until it is, it only handles updates and serves HTTP.
        """
        is_new = not self._leads_from_the_start
        while True:
            if await self._may_lead() and (not is_new or await self._has_taken_over()):
                await self._lead_while_it_may()
                log.warning("this process has lost the lead")
            is_new = True
            await asyncio.sleep(LEAD_EVERY)

    async def _may_lead(self) -> bool:
        try:
            return await self.database.lead()
        except Exception as error:  # noqa: BLE001 whatever it is, it is tried again
            log.warning("it is not known who leads: %s", error)
            return False

    async def _has_taken_over(self) -> bool:
        """Take over; False if the database cannot be reached for it: it is tried again."""
        try:
            await self._take_over()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("the lead cannot be taken over now: %s", error)
            return False
        log.warning("this process leads now")
        return True

    async def _take_over(self) -> None:
        """Find out what the process before has left, if there was one."""
        self.desk.invalidate()
        # a try that failed after this has noted already that it is this process now
        self._follows_another |= await self.desk.run(take_lead, self._name)
        if self._follows_another:
            self.courier.abandon()
            await self.courier.recover(quiet=CALL_TIMEOUT)
        else:
            await self.courier.recover()
        self._follows_another = False
        self.desk.outbox_wakeup.set()

    async def _lead_while_it_may(self) -> None:
        self._leading = self._start_leading()
        lost = asyncio.create_task(self._lead_is_lost(), name="lead")
        try:
            done, _ = await asyncio.wait(
                {*self._leading, lost}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {lost}:
                task.result()
        finally:
            lost.cancel()
        for task in self._leading:
            task.cancel()
        await asyncio.gather(*self._leading, return_exceptions=True)

    def _start_leading(self) -> set[asyncio.Task[None]]:
        profile = BotProfile(self.bot, self.desk, self.texts)
        chat_health = ChatHealthWatch(self.bot, self.desk, self.courier)
        return {
            asyncio.create_task(self.poller.run(), name="poller"),
            asyncio.create_task(self._after_the_first(profile.run), name="bot profile"),
            asyncio.create_task(self._after_the_first(chat_health.run), name="chat health"),
            asyncio.create_task(self._after_the_first(self.memberships.run), name="memberships"),
            asyncio.create_task(self.health.run(), name="health"),
            asyncio.create_task(self.cleanup.run(), name="erasure cleanup"),
            *(asyncio.create_task(each.run(), name=FETCHER) for each in self.fetchers),
            *(
                []
                if self.assistant is None
                else [asyncio.create_task(self.assistant.run(), name="assistant")]
            ),
        }

    async def _lead_is_lost(self) -> None:
        if self.database.is_sqlite:  # the file's lock is never lost
            await asyncio.Event().wait()
        while self.database.leads():  # noqa: ASYNC110 it ends by the clock, too
            await asyncio.sleep(LEAD_EVERY)

    async def _prepare_unless(self, stop: asyncio.Task[Any]) -> bool:
        """Return whether all is prepared; False if a stop came first, as it may while Telegram is
        out of reach.
        """
        work = asyncio.create_task(self.prepare(), name="prepare")
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            return True
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return False

    def _listen(self, http: HttpServer) -> None:
        """Take the address; where the desk is reached at that very one, links in chats say it."""
        host, port = http.bind()
        self.hosting.listening((host, port))
        app = self.routes.app
        if self.hosting.frames and app.public_url is None:
            app.public_url = f"http://{host}:{port}"

    async def prepare(self) -> None:
        """Bring the database up to date, and recover deliveries that a killed process left."""
        if self.http is not None:
            self._listen(self.http)
        await migrate(self.database)
        self.adopt(await self.desk.run(settle))
        adopt_texts(self.texts, await self.desk.read(find_own_texts))
        await self.desk.run(make_signing_key)
        self._leads_from_the_start = await self.database.lead()
        if self._leads_from_the_start:
            if not self.database.is_sqlite:
                await self.desk.run(take_lead, self._name)
            await self.courier.recover()

    def adopt(self, company: Company) -> None:
        """Replace the company's settings, from the next transaction on."""
        self.desk.company = company
        if isinstance(self.bot.session, LeanSession):
            self.bot.session.epoch = company.epoch

    async def _finish(self, loops: set[asyncio.Task[None]]) -> None:
        """Stop what comes in, finish requests and updates, then the deliveries that are under way,
        then close all.
        """
        if self.http is not None:
            self.http.stop()
        for task in (*loops, *self._leading):
            if task.get_name() in ("poller", "lead", FETCHER):
                task.cancel()
        served = (task for task in loops if task.get_name() == "http")
        await asyncio.gather(
            asyncio.gather(*served, return_exceptions=True),
            self.update_queue.stop(STOP_TIMEOUT),
            self.runner.stop(STOP_TIMEOUT),
        )
        await asyncio.gather(
            self.courier.stop(STOP_TIMEOUT),
            self.routes.acknowledgements.finish(STOP_TIMEOUT),
        )
        for task in (*loops, *self._leading):
            task.cancel()
        await asyncio.gather(*loops, *self._leading, return_exceptions=True)
        with contextlib.suppress(Exception):  # whatever fails, the desk ends
            if self.database.leads():
                await self.health.stop()
        await self.reads.write()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()
        if self.assistant is not None:
            await self.assistant.close()
        self.mails.close()
        await self.bot.session.close()
        await self.database.close()
