"""Two catalogues of a few texts each, and the folder that they stand in."""

from pathlib import Path

RUSSIAN = r"""
msgid ""
msgstr ""
"Language: ru\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
"(n%100<10 || n%100>=20) ? 1 : 2);\n"

msgid "ticket.opened"
msgstr "Обращение #{number} принято. Ответим до {due:when}."

msgid "card"
msgstr "<b>{title}</b> до {due:near}, с {due:day}, {left:span}, {due:span}, {left:age}"

msgid "tg"
msgstr "<tg-time unix=\"{due:unix}\">{due}</tg-time>"

msgid "taken"
msgstr "Уже у {name}, {ago} назад."

msgid "sum"
msgstr "{sum:number}"

msgid "overdue"
msgid_plural "overdue"
msgstr[0] "просрочено {n} обращение"
msgstr[1] "просрочено {n} обращения"
msgstr[2] "просрочено {n} обращений"

msgid "topic.camera"
msgstr "Неисправность камеры {camera}"

msgid "head"
msgstr "#{number} · {topic}"

msgid "braces"
msgstr "{0} {name.__class__} {name!r} {Name} {} {{name}}"

msgid "only.russian"
msgstr "До {due:when}"

#, fuzzy
msgid "fuzzy"
msgstr "не проверено"

msgid "empty"
msgstr ""
"""
ENGLISH = r"""
msgid ""
msgstr ""
"Language: en\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "ticket.opened"
msgstr "Ticket #{number} is in. You will hear from us by {due:when}."

msgid "sum"
msgstr "{sum:number}"

msgid "overdue"
msgid_plural "overdue"
msgstr[0] "{n} ticket is late"
msgstr[1] "{n} tickets are late"
"""


def write(folder: Path, locale: str, catalogue: str) -> None:
    path = folder / locale / "LC_MESSAGES" / "frontdoor.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue.lstrip(), encoding="utf-8")
