"""What an update in a private chat asks for: a command, a step of the menu, a button of ours."""

import re
from typing import Any, Final

from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.screens.callbacks import Callback, parse
from channels.telegram.screens.keyboards import menu_words
from core.texts import Texts
from handlers.telegram.filters import is_borrowed, is_nobody

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)


class FromPerson(Filter):
    """A person wrote it: not Telegram itself, not a chat."""

    async def __call__(self, event: Message) -> bool:  # type: ignore[mutable-override]
        """False for identities that many share."""
        return not is_nobody(event)


class Command(Filter):
    """The person wrote a command here, themselves; gives ``command`` and ``argument``.

    What only begins with a slash is words: «/12 подъезд, не работает» is a command, «/12/3» is not.
    """

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message
    ) -> bool | dict[str, Any]:
        """The command in lower case and what follows it."""
        text = event.text
        if not text or not text.startswith("/") or is_borrowed(event):
            return False
        found = _COMMAND.fullmatch(text)
        if found is None:
            return False
        return {"command": found[1].lower(), "argument": (found[2] or "").strip()}


class MenuStep(Filter):
    """The person pressed a button of the menu, in whichever language it was sent."""

    def __init__(self, step: str) -> None:
        self.step = step
        self._words: dict[str, str] | None = None

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, texts: Texts
    ) -> bool:
        """True if the text is the label of this step, and the person's own."""
        if self._words is None:
            self._words = menu_words(texts)
        return self._words.get(event.text or "") == self.step and not is_borrowed(event)


class Pressed(Filter):
    """The person pressed a button of one of these kinds; gives ``pressed``."""

    def __init__(self, *kinds: type[Callback]) -> None:
        self.kinds = kinds

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery
    ) -> bool | dict[str, Any]:
        """What the button carried."""
        pressed = parse(event.data)
        return {"pressed": pressed} if isinstance(pressed, self.kinds) else False


class MenuPressed(Filter):
    """The person pressed a button that leads to one of these steps of the menu."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    async def __call__(self, event: CallbackQuery) -> bool:  # type: ignore[mutable-override]
        """True for a step of these names."""
        pressed = parse(event.data)
        return getattr(pressed, "name", None) in self.names
