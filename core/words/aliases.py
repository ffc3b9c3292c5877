"""The Russian spellings of operators' commands."""

import re
from typing import Final

ALIASES: Final[dict[str, str]] = {
    "взять": "take",
    "беру": "take",
    "отдать": "release",
    "ответить": "reply",
    "ответ": "reply",
    "заметка": "note",
    "черновик": "draft",
    "кратко": "summary",
    "сводка": "summary",
    "перевести": "translate",
    "перевод": "translate",
    "ждать": "wait",
    "ждём": "wait",
    "ждем": "wait",
    "заморозить": "freeze",
    "разморозить": "unfreeze",
    "решено": "resolve",
    "закрыть": "close",
    "отменить": "cancel",
    "вернуть": "reopen",
    "состояние": "state",
    "статус": "state",
    "обращение": "ticket",
    "техданные": "data",
    "журнал": "journal",
    "помогло": "used",
    "выписка": "transcript",
    "сообщения": "messages",
    "переписка": "messages",
    "очередь": "queue",
    "таблица": "app",
    "мои": "my",
    "mine": "my",
    "просрочено": "overdue",
    "найти": "find",
    "поиск": "find",
    "search": "find",
    "заголовок": "title",
    "тема": "topic",
    "забрать": "undo",
    "новое": "new",
    "звонок": "call",
    "написать": "write",
    "кто": "who",
    "объединить": "merge",
    "заглушить": "mute",
    "заблокировать": "block",
    "разблокировать": "unblock",
    "unmute": "unblock",
    "ограничения": "blocked",
    "данные": "contact",
    "договор": "contract",
    "связать": "link",
    "отвязать": "unlink",
    "выделить": "split",
    "слить": "merge_tickets",
    "похожие": "similar",
    "отчёт": "report",
    "отчет": "report",
    "вид": "class",
    "категория": "class",
    "срочность": "priority",
    "приоритет": "priority",
    "контакт": "next",
    "почему": "why",
    "время": "times",
    "причина": "reason",
    "поле": "field",
    "поля": "field",
    "потрачено": "spent",
    "авария": "outage",
    "всем": "broadcast",
    "передать": "assign",
    "назначить": "assign",
    "эскалировать": "escalate",
    "эскалация": "escalate",
    "команды": "teams",
    "дежурю": "on",
    "отдежурил": "off",
    "задачи": "tasks",
    "задача": "task",
    "готово": "done",
    "помощь": "help",
    "карантин": "quarantine",
    "спам": "junk",
    "ключ": "key",
    "выгрузка": "export",
    "статистика": "stats",
    "стат": "stats",
    "ключи": "key",
    "вебхук": "webhook",
    "вебхуки": "webhook",
    "здоровье": "health",
    "восстановление": "restored",
    "т": "t",
    "тег": "tag",
    "списки": "views",
    "доска": "board",
    "дальше": "next_up",
    "чтодальше": "next_up",
    "правила": "rules",
    "справочник": "directory",
    "settings": "setup",
    "настройки": "setup",
    "темы": "topics",
    "уведомления": "notices",
    "тексты": "texts",
    "теги": "tags",
    "шаблон": "t",
    "база": "kb",
    "статья": "kb",
    "статьи": "kb",
    "шаблоны": "t",
}

YES_OR_NO: Final[dict[str, str]] = {
    **dict.fromkeys(("yes", "y", "да", "true", "+", "1"), "yes"),
    **dict.fromkeys(("no", "n", "нет", "false", "0"), "no"),
}
"""What a field that takes yes or no is filled with."""

SURE: Final = frozenset({"точно", "уверен", "уверена", "да", "sure", "yes"})
"""Behind a wish that is not granted lightly."""

PARENT: Final = frozenset({"parent", "родитель", "родителем", "родительское"})
"""Behind a ticket's number: that one is to be the parent."""
# Behind a command: take back what it did.
UNDO: Final = frozenset({"undo", "back", "отмена", "отменить", "вернуть", "назад"})

DETAILS: Final[dict[str, str]] = {
    "имя": "name",
    "язык": "language",
    "пояс": "zone",
    "компания": "account",
    "company": "account",
}
"""What is noted of a person, besides its own name."""

VIEWS: Final[dict[str, str]] = {
    "все": "queue",
    "all": "queue",
    "мои": "mine",
    "my": "mine",
    "свободные": "free",
    "ничьи": "free",
    "unassigned": "free",
    "просроченные": "overdue",
    "просрочено": "overdue",
    "late": "overdue",
    "замороженные": "frozen",
    "заморожено": "frozen",
    "ждут": "waiting",
    "ждём": "waiting",
    "ждем": "waiting",
    "решённые": "resolved",
    "решенные": "resolved",
    "решено": "resolved",
}
"""Names of lists, besides their own."""

LISTS: Final = frozenset(
    {
        "all",
        "все",
        "free",
        "свободные",
        "ничьи",
        "unassigned",
        "frozen",
        "замороженные",
        "заморожено",
    }
    | {"waiting", "ждут", "resolved", "решённые", "решенные", "просроченные", "late"}
)
"""Names of lists that are commands: `/waiting` is `/queue waiting`."""

PUBLIC: Final = frozenset({"public", "customer", "клиенту", "клиента", "без заметок"})
"""Behind `/transcript`: without what only colleagues may read."""

HIDE: Final = frozenset({"off", "hide", "убрать", "скрыть", "выкл"})
"""Words after `/board` that hide it."""

REPORTS: Final[dict[str, str]] = {
    "": "overdue",
    "overdue": "overdue",
    "просрочено": "overdue",
    "просроченные": "overdue",
}
"""Names of reports."""

NEVER: Final = frozenset(
    {"нет", "не надо", "убрать", "никогда", "no", "none", "never", "off", "-", "—"}
)
"""A date that is taken away."""

SEARCHES: Final = frozenset({"find", "search", "найти", "поиск"})
"""Before the words of a search, where a list may be named as well."""

TASKS: Final[dict[str, str]] = {
    "": "all",
    "all": "all",
    "все": "all",
    "my": "mine",
    "mine": "mine",
    "мои": "mine",
    "ended": "ended",
    "done": "ended",
    "законченные": "ended",
    "выполненные": "ended",
    "готовые": "ended",
    "закрытые": "ended",
}
"""Which tasks a list shows."""

TASK_CHOICES: Final[dict[str, str]] = {
    "complete": "complete",
    "завершить": "complete",
    "выполнить": "complete",
    "cancel": "cancel",
    "отменить": "cancel",
    "leave": "leave",
    "оставить": "leave",
}
"""What becomes of open tasks when their ticket is resolved (B10)."""

TASK_VERBS: Final[dict[str, str]] = {
    "take": "take",
    "взять": "take",
    "беру": "take",
    "cancel": "cancel",
    "отменить": "cancel",
    "reopen": "reopen",
    "вернуть": "reopen",
    "открыть": "reopen",
    "assign": "assign",
    "передать": "assign",
    "назначить": "assign",
}
"""What `/task 3` does besides showing it."""

NEW_TASK: Final = frozenset({"new", "add", "новая", "создать", "завести", "добавить"})
"""Behind `/task`: the ticket gets another one."""


RESPONSE_VERBS: Final[dict[str, str]] = {
    "add": "add",
    "добавить": "add",
    "del": "delete",
    "delete": "delete",
    "удалить": "delete",
}
"""What `/t` does in an admin's private chat, besides showing."""

BY_MAIL: Final = re.compile(r"\s*(?:mail|e-mail|email|почта|письмо)\s*:\s*", re.IGNORECASE)
"""What stands before an answer that goes by mail."""


CAMERA_COLUMNS: Final = {
    "номер": "number",
    "название": "name",
    "наименование": "name",
    "владелец": "owner",
    "владельцы": "owner",
    "адрес": "address",
    "район": "area",
}
# Behind /directory: which versions there were. Other words are those of an entry.
VERSION_WORDS: Final = frozenset({"versions", "version", "history", "версии", "версия", "история"})
# What a spreadsheet shows where a formula has failed.
FAILED_CELLS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}
    | {"#Н/Д", "#ССЫЛКА!", "#ЗНАЧ!", "#ДЕЛ/0!", "#ИМЯ?", "#ПУСТО!", "#ЧИСЛО!"}
)
_OF_ACCOUNT: Final = {
    "компания": "account",
    "клиент": "account",
    "организация": "account",
    "абонент": "account",
    "company": "account",
}
ACCOUNT_COLUMNS: Final = _OF_ACCOUNT | {
    "name": "account",
    "название": "account",
    "наименование": "account",
}
CONTRACT_COLUMNS: Final = _OF_ACCOUNT | {
    "номер": "number",
    "договор": "number",
    "номер договора": "number",
    "contract": "number",
    "соглашение": "agreement",
    "с": "since",
    "начало": "since",
    "действует с": "since",
    "по": "until",
    "окончание": "until",
    "действует по": "until",
}
