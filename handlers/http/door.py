"""The desk's one HTTP application, of the parts that this desk serves."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from core.desk import Desk
from core.files import Attachments, FetchFile, FileStore
from core.texts import Texts
from handlers.http.api.access import Gatekeeper
from handlers.http.api.routes import PREFIX, make_api
from handlers.http.app.routes import app_routes
from handlers.http.app.staff_access import Entrance
from handlers.http.doorstep import Doorstep
from handlers.http.files import file_routes
from handlers.http.guard import Guard
from handlers.http.health import Vitals, health_routes
from handlers.http.pages.routes import page_routes
from handlers.http.problems import speak_problems
from handlers.http.telegram_webhook import Webhook, webhook_routes

if TYPE_CHECKING:
    from core.assistant.service import Assistant


def make_door(
    desk: Desk,
    texts: Texts,
    vitals: Vitals,
    webhook: Webhook | None = None,
    *,
    public_url: str | None = None,
    files: FileStore | None = None,
    fetch: FetchFile | None = None,
    entrance: Entrance | None = None,
    assistant: "Assistant | None" = None,
) -> FastAPI:
    """Return the application. Without a ``webhook`` there is no such path. ``public_url``: what
    links to the desk's pages begin with. ``fetch``: has files that a channel keeps. ``entrance``:
    how the staff's app knows people; without it there is none. ``assistant``: who suggests there.
    """
    app = FastAPI(title="Frontdoor", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard)
    app.add_middleware(Doorstep, desk=desk, vitals=vitals)
    speak_problems(app)
    keeper = Gatekeeper(desk)
    # routes are tried in their order, and keys ask most often
    app.mount(PREFIX, make_api(desk, texts, keeper, public_url, files))
    app.include_router(health_routes(desk, vitals, keeper))
    if files is not None:
        app.include_router(file_routes(desk, texts, files))
    if webhook is not None:
        app.include_router(webhook_routes(webhook))
    app.include_router(page_routes(desk, texts, files, fetch))
    if entrance is not None:
        app.include_router(
            app_routes(desk, texts, entrance, public_url, Attachments(files, fetch), assistant)
        )
    return app
