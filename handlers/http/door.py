"""The desk's one HTTP application, of the parts that this desk serves."""

from fastapi import FastAPI

from core.desk import Desk
from core.files import FileStore
from handlers.http.files import file_routes
from handlers.http.guard import Guard
from handlers.http.health import Vitals, health_routes
from handlers.http.problems import speak_problems
from handlers.http.telegram_webhook import Webhook, webhook_routes


def make_door(
    desk: Desk, vitals: Vitals, webhook: Webhook | None = None, files: FileStore | None = None
) -> FastAPI:
    """Return the application. Without a ``webhook`` there is no such path."""
    app = FastAPI(title="Frontdoor", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard)
    speak_problems(app)
    app.include_router(health_routes(desk, vitals))
    if files is not None:
        app.include_router(file_routes(desk, files))
    if webhook is not None:
        app.include_router(webhook_routes(webhook))
    return app
