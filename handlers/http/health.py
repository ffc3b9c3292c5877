"""For machines that watch the desk: is it there, can it work, how much waits (X14)."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from core.desk import Desk
from core.integrations.keys import METRICS
from core.reports.desk_figures import DeskFigures, find_figures
from core.setup.desk_health import CODES, find_heartbeat
from handlers.http.api.access import Gatekeeper
from handlers.http.precedence import HEALTH, READINESS

log = logging.getLogger(__name__)

# Seconds that the database may take to answer, and without news of Telegram that are too many.
DATABASE_PATIENCE: Final = 3.0
INTAKE_PATIENCE: Final = 90.0
WELL: Final = "ok"


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the process knows of itself: seconds since Telegram was heard of, 429s so far."""

    since_intake: Callable[[], float]
    floods: Callable[[], int]


def health_routes(desk: Desk, vitals: Vitals, keeper: Gatekeeper) -> APIRouter:
    """``/healthz``, ``/readyz``, and ``/metrics``: from elsewhere with a key."""
    routes = APIRouter()

    @routes.get(HEALTH)
    async def healthz() -> Response:
        return PlainTextResponse(WELL)

    @routes.get(READINESS)
    async def readyz() -> Response:
        status, told = await readiness(desk, vitals)
        return Response(told, status, media_type="application/json")

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not _is_local(request):
            _, _, token = request.headers.get("authorization", "").partition(" ")
            await keeper.admit(request, token, METRICS)
        beat = await desk.read(find_heartbeat)
        symptoms = frozenset(beat.sick if beat else ())
        text = render_metrics(await desk.read(find_figures), symptoms, vitals)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return routes


async def readiness(desk: Desk, vitals: Vitals) -> tuple[HTTPStatus, bytes]:
    """Return whether the desk can work, and why not, as JSON."""
    checks = {
        "database": await _answers(desk),
        "telegram": vitals.since_intake() < INTAKE_PATIENCE,
    }
    is_ready = all(checks.values())
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return status, orjson.dumps({"ready": is_ready, "checks": checks})


async def _answers(desk: Desk) -> bool:
    try:
        async with asyncio.timeout(DATABASE_PATIENCE):
            await desk.read(find_heartbeat)
    except Exception as error:  # noqa: BLE001 whatever it is, the desk cannot work
        log.warning("not ready, the database does not answer: %s", error)
        return False
    return True


def _is_local(request: Request) -> bool:
    """Whoever comes through a proxy has the address that the proxy names."""
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


# Name, help, and the value.
_GAUGES: Final[tuple[tuple[str, str, Callable[[DeskFigures], float]], ...]] = (
    ("inbox_waiting", "Updates that are stored and not handled yet.", lambda g: g.inbox),
    ("inbox_oldest_seconds", "Age of the oldest of them.", lambda g: g.inbox_age),
    ("inbox_quarantined", "Updates that could not be handled.", lambda g: g.quarantined),
    ("outbox_waiting", "Deliveries that could leave now.", lambda g: g.outbox),
    ("outbox_oldest_seconds", "Age of the oldest of them.", lambda g: g.outbox_age),
    ("outbox_failed", "Deliveries that ended without arriving.", lambda g: g.failed),
    ("tickets_overdue", "Tickets that are late.", lambda g: g.overdue),
    ("timers_late_seconds", "How late the sweep is.", lambda g: g.timer_late),
    ("webhooks_stopped", "Systems that take no calls any more.", lambda g: g.webhooks_stopped),
)


def render_metrics(figures: DeskFigures, symptoms: Collection[str], vitals: Vitals) -> bytes:
    """Return the figures in Prometheus's text format. ``symptoms``: codes of what is wrong."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Figures(figures, symptoms, vitals))
    return generate_latest(registry)


class _Figures:
    """A collector, as prometheus-client calls what it asks for values."""

    def __init__(self, figures: DeskFigures, symptoms: Collection[str], vitals: Vitals) -> None:
        self._gauges = figures
        self._sick = symptoms
        self._vitals = vitals

    def collect(self) -> Iterable[Metric]:
        for name, told, value in _GAUGES:
            yield GaugeMetricFamily(f"frontdoor_{name}", told, value(self._gauges))
        yield self._symptoms()
        yield GaugeMetricFamily(
            "frontdoor_intake_silence_seconds",
            "Time since Telegram was heard of.",
            self._vitals.since_intake(),
        )
        yield CounterMetricFamily(
            "frontdoor_telegram_429",
            "Calls that Telegram refused because there were too many.",
            self._vitals.floods(),
        )

    def _symptoms(self) -> Metric:
        told = "Whether this is wrong with the desk, as admins were told."
        symptoms = GaugeMetricFamily("frontdoor_symptom", told, labels=["code"])
        for code in CODES:
            symptoms.add_metric([code], code in self._sick)
        return symptoms
