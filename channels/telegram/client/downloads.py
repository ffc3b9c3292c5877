"""Files that Telegram keeps, and no more of them than is wanted."""

from io import BytesIO
from typing import Any

from aiogram import Bot
from aiogram.exceptions import AiogramError

from core.files import FetchFile, FileTooLarge


class _Bounded(BytesIO):
    """Takes at most so many bytes. Raises `FileTooLarge` for more, at once if ``size`` tells it."""

    def __init__(self, most: int | None, size: int) -> None:
        super().__init__()
        self._most = most
        if most is not None and size > most:
            raise FileTooLarge(size)

    def write(self, data: Any, /) -> int:
        """Take them, or none of them."""
        if self._most is not None and self.tell() + len(data) > self._most:
            raise FileTooLarge
        return super().write(data)


def telegram_file(bot: Bot) -> FetchFile:
    """Return what downloads a file that Telegram keeps. Its errors never show the token."""

    async def fetch(file_id: str, most: int | None = None) -> bytes:
        try:
            file = await bot.get_file(file_id)
            bounded = _Bounded(most, file.file_size or 0)
            found = await bot.download_file(file.file_path or "", bounded)
        except FileTooLarge:
            raise
        except AiogramError as error:
            raise OSError(f"Telegram does not hand it out: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 the library's words have the token in them
            raise ConnectionError(type(error).__name__) from None
        return b"" if found is None else found.read()

    return fetch
