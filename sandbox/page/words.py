"""What the page's server says to people, in Russian and in English."""

from __future__ import annotations

from typing import Any, Final

# A sentence for each refusal: what is the matter, and what would do.
REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "not_json": ("Запрос не прочитать: нужен JSON.", "The request cannot be read: send JSON."),
    "unknown_do": ("Такого здесь не делают: «{do}».", "There is no such thing to do here: “{do}”."),
    "no_topics": ("Тем в этом чате нет.", "This chat has no topics."),
    "no_app": (
        "Бот не запущен, и приложения сейчас нет.",
        "The bot is not running, so there is no app now.",
    ),
    "no_person": ("Такого человека здесь нет.", "There is no such person here."),
    "no_chat": ("Такого чата здесь нет.", "There is no such chat here."),
    "no_message": ("Этого сообщения уже нет.", "This message is gone."),
    "not_yours": ("В чужой личный чат не написать.", "Nobody writes in another’s private chat."),
    "not_member": ("{name} не состоит в чате «{chat}».", "{name} is not in “{chat}”."),
    "not_poster": ("В канал пишут только администраторы.", "Only admins post in a channel."),
    "blocked": (
        "Бот здесь заблокирован. Разблокируйте его, чтобы писать.",
        "The bot is blocked here. Unblock it to write.",
    ),
    "moved": ("Группа стала супергруппой: пишите в неё.", "The group has moved: use the new one."),
    "empty": ("Сообщение пустое.", "The message is empty."),
    "too_long": ("Слишком длинно: можно {limit} знаков.", "Too long: {limit} characters at most."),
    "no_quote": ("Таких слов в том сообщении нет.", "That message does not contain these words."),
    "not_author": ("Править можно только своё.", "Only one’s own messages can be edited."),
    "not_text": ("В этом сообщении править нечего.", "There are no words to edit in it."),
    "no_delete": ("Чужое удаляют только администраторы.", "Only admins delete what others wrote."),
    "no_button": ("Этой кнопки уже нет.", "This button is gone."),
    "bad_reaction": ("Такой реакции в Telegram нет.", "Telegram has no such reaction."),
    "no_file": ("Выберите файл.", "Choose a file."),
    "big_file": ("Файл больше {limit} МБ.", "The file is larger than {limit} MB."),
    "not_picture": ("Это не картинка. Пошлите как файл.", "This is no picture. Send it as a file."),
    "album_size": ("В альбоме от 2 до 10 вложений.", "An album has 2 to 10 items."),
    "bad_value": ("Не подходит значение «{field}».", "The value of “{field}” will not do."),
    "not_group": ("Это бывает только в группах.", "This is for groups only."),
    "inside": ("{name} уже в чате «{chat}».", "{name} is already in “{chat}”."),
    "owner": ("Владелец чата остаётся в нём.", "The owner of a chat stays in it."),
    "not_admin": ("Это могут только администраторы.", "Only admins can do this."),
    "not_private": ("Это бывает только в личном чате.", "This is for private chats only."),
    "no_room": (
        "Управлять ботом отсюда нельзя: его запускали не с этой страницы.",
        "The bot cannot be controlled here: it was not started from this page.",
    ),
    "running": ("Бот уже работает.", "The bot is already running."),
    "stopped": ("Бот и так не работает.", "The bot is not running anyway."),
    "busy": ("Подождите: прошлое ещё делается.", "Wait: the last thing is still being done."),
    "failed": ("Не вышло: {why}", "It did not work: {why}"),
    "forbidden": ("Страница отвечает только самой себе.", "The page answers only to itself."),
    "not_found": ("Такого адреса нет.", "There is no such address."),
    "refused": ("{why}", "{why}"),
}

# What service messages say. The chat shows one of the two.
SERVICE: Final[dict[str, tuple[str, str]]] = {
    "new_chat_members": ("{names} теперь в группе", "{names} joined the group"),
    "added": ("{by} добавляет в группу: {names}", "{by} added {names}"),
    "left_chat_member": ("{names} больше не в группе", "{names} left the group"),
    "removed": ("{by} исключает из группы: {names}", "{by} removed {names}"),
    "pinned_message": ("{by} закрепляет: «{text}»", "{by} pinned “{text}”"),
    "migrate_to_chat_id": ("Группа стала супергруппой", "The group became a supergroup"),
    "migrate_from_chat_id": ("Группа стала супергруппой", "The group became a supergroup"),
    "new_chat_title": ("{by} меняет название: «{text}»", "{by} changed the name to “{text}”"),
    "group_chat_created": ("Группа создана", "The group was created"),
    "supergroup_chat_created": ("Группа создана", "The group was created"),
    "channel_chat_created": ("Канал создан", "The channel was created"),
    "new_chat_photo": ("{by} меняет фотографию", "{by} changed the photo"),
    "delete_chat_photo": ("{by} убирает фотографию", "{by} removed the photo"),
    "forum_topic_created": ("Тема создана: «{text}»", "The topic “{text}” was created"),
    "forum_topic_edited": ("Тема переименована: «{text}»", "The topic is now “{text}”"),
    "forum_topic_closed": ("Тема закрыта", "The topic was closed"),
    "forum_topic_reopened": ("Тема снова открыта", "The topic was reopened"),
}

# What people send who have nothing of their own at hand, in their own language.
SAMPLES: Final[dict[str, tuple[str, str]]] = {
    "title": ("Склад на Заречной", "Warehouse"),
    "address": ("ул. Заречная, 4", "4 River Street"),
    "question": ("Когда удобно принять мастера?", "When would the technician suit you?"),
    "options": ("Утром|После обеда", "In the morning|After lunch"),
    "name": ("Охрана склада", "Warehouse security"),
}


def sample_words(what: str, language: str | None) -> str:
    """Words of `SAMPLES` for somebody whose app speaks this language."""
    russian, english = SAMPLES[what]
    return russian if (language or "ru").startswith("ru") else english


class Refused(Exception):
    """A person asks for what cannot be done; ``status`` is the answer's HTTP status."""

    def __init__(self, key: str, *, status: int = 400, **facts: Any) -> None:
        russian, english = (words.format(**facts) for words in REFUSALS[key])
        super().__init__(english)
        self.status = status
        self.body = {"error": russian, "error_en": english, "code": key}


def service(kind: str, **facts: str) -> tuple[str, str]:
    """A service message in Russian and English; one of no known kind shows its kind."""
    russian, english = SERVICE.get(kind, (kind.replace("_", " "),) * 2)
    return russian.format(**facts), english.format(**facts)
