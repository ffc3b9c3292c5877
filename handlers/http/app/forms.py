"""The buttons of a ticket's page: each is a form; what needs words or a choice unfolds first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode

from channels.telegram.screens.screen import Renderer
from core.responses.staff_page import TicketPage
from core.tasks.lists import TaskFacts
from core.tasks.rules import DIAGNOSE, EQUIPMENT
from core.tasks.task_actions import Choice
from core.texts import Key
from core.tickets.card import Card, FaultyArea
from core.tickets.catalog import ASPECTS
from core.tickets.fields import LONGEST, YES_NO, Filled
from core.words.names import clean_name
from handlers.http.app.actions import offered
from handlers.http.app.fields import Fields, Viewer, group, hidden, options, signed
from handlers.http.app.given import OTHER, PERSON, RESTRICTED, SPANS, TEAM
from handlers.http.app.more_actions import NONE, OWN, typed_of
from handlers.http.app.selectable import Choices

_HOURS: Final = {"2h": 2, "day": 24, "week": 168}
_TASK_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of one ticket, for whoever looks at it."""

    renderer: Renderer
    page: TicketPage
    choices: Choices
    viewer: Viewer

    def draw(self) -> str:
        """All of them: first what moves the ticket, then what changes it."""
        moves = "".join(self._move(verb) for verb in offered(self.card))
        more = "".join(self._more(name) for name in _MORE) if self._goes_on else ""
        beside = f'<div class="verbs changes">{more}</div>' if more else ""
        return f'<div id="verbs"><div class="verbs">{moves}</div>{beside}</div>'

    @property
    def card(self) -> Card:
        """The ticket."""
        return self.page.card

    @property
    def _goes_on(self) -> bool:
        """A ticket that was merged shows where it went, and nothing changes it."""
        return not self.card.relations.merged

    def fields(self, verb: str) -> Fields:
        """The fields of one form."""
        return Fields(self.renderer, self.viewer, verb)

    def say(self, key: str) -> str:
        """A text as HTML."""
        return self.renderer.html(key)

    def form(self, verb: str, inside: str = "", label: str = "", *, soft: bool = False) -> str:
        """One form with its button."""
        named = label or self.say(f"button.verb.{verb}")
        look = ' class="soft"' if soft else ""
        return (
            f'<form method="post" action="/app/t/{self.card.number}">{signed(self.viewer)}{inside}'
            f'<button name="verb" value="{verb}"{look}>{named}</button></form>'
        )

    def folded(self, label: str, inside: str, *verbs: str) -> str:
        """What unfolds; it is open where one of these forms was refused just now."""
        is_open = " open" if self.viewer.verb in verbs else ""
        return f"<details{is_open}><summary>{label}</summary>{inside}</details>"

    def _move(self, verb: str) -> str:
        draw = _MOVED.get(verb)
        if draw is None:
            return self.form(verb)
        return self.folded(self.say(f"button.verb.{verb}"), self.form(verb, draw(self, verb)), verb)

    def _more(self, name: str) -> str:
        inside = _MORE[name](self)
        key = f"button.verb.{name}" if name in _OF_CARD else f"app.form.{name}"
        verbs = _FORMS_OF.get(name, (name,))
        return self.folded(self.say(key), inside, *verbs) if inside else ""


# ---------------------------------------------------------------------------- what moves it


def _freeze(forms: Forms, verb: str) -> str:
    at = forms.fields(verb)
    spans = [(one, forms.renderer.plain(f"button.freeze.{one}")) for one in (*SPANS, OTHER)]
    parts = [at.choose("until", forms.say("app.until"), spans), _day(forms, verb)]
    parts.append(at.line("text", forms.say("app.reason")))
    return "".join([*parts, at.check("public", forms.say("app.public"))])


def _day(forms: Forms, verb: str) -> str:
    label = forms.say("app.at")
    return forms.fields(verb).line("at", label, longest=16, more=' type="datetime-local"')


def _ends(forms: Forms, verb: str) -> str:
    """Why it ends, how it was solved, how long it took, and what becomes of its tasks."""
    at = forms.fields(verb)
    parts = [_closing(forms, verb)]
    told = "app.in_words" if forms.choices.reasons else "app.reason"
    parts.append(at.line("text", forms.say("app.solution" if verb == "resolve" else told)))
    parts.append(_spent(forms, verb))
    parts.append(_tasks_left(forms, verb))
    if verb == "close":
        parts.append(at.check("public", forms.say("app.public")))
    return "".join(parts)


def _closing(forms: Forms, verb: str) -> str:
    reasons = [(one.code, one.title(forms.renderer.locale)) for one in forms.choices.reasons]
    if not reasons:
        return ""
    none = [("", forms.renderer.plain("button.reason.none"))]
    return forms.fields(verb).choose("closing", forms.say("app.closing"), none + reasons)


def _spent(forms: Forms, verb: str) -> str:
    hint = f' placeholder="{forms.say("app.spent.example")}"'
    return forms.fields(verb).line("spent", forms.say("app.spent"), longest=40, more=hint)


def _tasks_left(forms: Forms, verb: str) -> str:
    """What becomes of its open tasks, and of those of its children that were asked about."""
    names = [f"T{one.id} {clean_name(one.title, 60)}" for one in _left(forms)]
    asked = forms.viewer.unfinished if forms.viewer.verb == verb else ()
    names += [f"T{one.id} {clean_name(one.title, 60)}" for one in asked]
    if not names:
        return ""
    chosen = [("", "—")]
    chosen += [(one.value, forms.renderer.plain(f"button.settle.{one}")) for one in Choice]
    at, listed = forms.fields(verb), ", ".join(dict.fromkeys(names))
    inside = options(chosen, at.value("tasks"))
    label = f"{forms.say('app.tasks')}: {escape(listed)}"
    return at.choose_from("tasks", label, inside, " required")


def _left(forms: Forms) -> list[TaskFacts]:
    """The open tasks that do not end by themselves with their ticket (B9)."""
    return [one for one in forms.choices.tasks if one.kind != DIAGNOSE]


def _why(forms: Forms, verb: str) -> str:
    return forms.fields(verb).line("text", forms.say("app.reason"))


_MOVED: Final[Mapping[str, Callable[[Forms, str], str]]] = {
    "freeze": _freeze,
    "resolve": _ends,
    "close": _ends,
    "cancel": _why,
}


# ---------------------------------------------------------------------------- what changes it


def _state(forms: Forms) -> str:
    states = [(one.code, one.title(forms.renderer.locale)) for one in forms.choices.states]
    if not states:
        return ""
    inside = forms.fields("state").choose("state", forms.say("app.state"), states)
    left = _tasks_left(forms, "state").replace(" required", "")
    return forms.form("state", inside + _why(forms, "state") + left, forms.say("app.move"))


def _assign(forms: Forms) -> str:
    at = forms.fields("assign")
    teams = [(f"{TEAM}{one.code}", one.title(forms.renderer.locale)) for one in forms.choices.teams]
    people = [(f"{PERSON}{one.id}", clean_name(one.name)) for one in forms.choices.takers]
    if "take" not in forms.card.verbs or not (teams or people):
        return ""
    chosen = at.value("whom")
    inside = group(forms.say("app.people"), people, chosen)
    inside += group(forms.say("app.teams"), teams, chosen)
    whom = at.choose_from("whom", forms.say("app.whom"), inside)
    why = at.line("text", forms.say("app.why"))
    return forms.form("assign", whom + why, forms.say("app.give"))


def _escalate(forms: Forms) -> str:
    at, locale = forms.fields("escalate"), forms.renderer.locale
    teams = [
        (f"{TEAM}{one.code}", f"{one.level} · {one.title(locale)}") for one in forms.choices.higher
    ]
    if "take" not in forms.card.verbs or not teams:
        return ""
    inside = at.choose("whom", forms.say("app.level"), teams)
    inside += at.line("text", forms.say("app.why"))
    return forms.form("escalate", inside, forms.say("app.give"))


def _topic(forms: Forms) -> str:
    topics = [(one.code, one.title(forms.renderer.locale)) for one in forms.choices.topics]
    if forms.card.state.final or not topics:
        return ""
    inside = forms.fields("topic").choose("topic", forms.say("app.form.topic"), topics)
    return forms.form("topic", inside, forms.say("app.save"))


def _classify(forms: Forms) -> str:
    if forms.card.state.final or not forms.choices.classes:
        return ""
    inside = "".join(
        _aspect(forms, aspect) for aspect in ASPECTS if aspect in forms.choices.classes
    )
    return forms.form("classify", inside, forms.say("app.save"))


def _aspect(forms: Forms, aspect: str) -> str:
    now = next((one.code for one in forms.card.promised.kind if one.aspect == aspect), "")
    known = [(one.code, one.title(forms.renderer.locale)) for one in forms.choices.classes[aspect]]
    offered = known if now else [("", "—"), *known]
    return forms.fields("classify").choose(aspect, forms.say(f"app.aspect.{aspect}"), offered, now)


def _title(forms: Forms) -> str:
    line = forms.fields("title").line(
        "text", forms.say("app.form.title"), forms.card.title, longest=200
    )
    return forms.form("title", line, forms.say("app.save"))


def _tag(forms: Forms) -> str:
    """Each tag goes by a press; another is typed, and those there are already are offered."""
    gone = "".join(
        forms.form("tag", hidden(text=f"-{tag}"), _without(forms, tag), soft=True)
        for tag in forms.card.tags
    )
    known = options((tag, tag) for tag in forms.choices.tags)
    line = forms.fields("tag").line("text", forms.say("app.tag"), more=' list="tags"')
    added = forms.form(
        "tag", f'{line}<datalist id="tags">{known}</datalist>', forms.say("app.save")
    )
    return (f'<div class="row">{gone}</div>' if gone else "") + added


def _without(forms: Forms, tag: str) -> str:
    return f'<span aria-hidden="true">✕</span> {forms.renderer.html("app.untag", tag=tag)}'


def _own_fields(forms: Forms) -> str:
    if not forms.card.fields:
        return ""
    inside = "".join(_own(forms, one) for one in forms.card.fields)
    return forms.form("fields", inside, forms.say("app.save"))


def _own(forms: Forms, one: Filled) -> str:
    at, name = forms.fields("fields"), f"{OWN}{one.field.code}"
    label, held = escape(clean_name(one.field.title(forms.renderer.locale))), typed_of(one)
    choices = [(choice, choice) for choice in one.field.choices]
    if one.field.kind == "yes_no":
        choices = [(answer, forms.renderer.plain(f"field.{answer}")) for answer in YES_NO]
    if choices:
        known = dict([("", "—"), *choices]) | ({} if held in dict(choices) else {held: held or "—"})
        return at.choose(name, label, known.items(), held)
    kind = {"date": ' type="date"', "number": ' inputmode="decimal"'}.get(one.field.kind, "")
    return at.line(name, label, held, longest=LONGEST, more=kind)


def _ending(forms: Forms) -> str:
    """Corrections of a ticket that has ended: why it did, how long it took, what has helped."""
    if forms.card.ending is None or forms.card.state.clock != "stops":
        return ""
    inside = _closing(forms, "ending") + _spent(forms, "ending") + _article(forms)
    return forms.form("ending", inside, forms.say("app.save"))


def _article(forms: Forms) -> str:
    """Which article has helped, with a way to read it; another one, or none."""
    known = [(one.code, clean_name(one.title)) for one in forms.choices.articles]
    helped, way = forms.choices.helped, ""
    if not known and helped is None:
        return ""
    now = "…" if helped is None else clean_name(helped.title)
    if helped is not None:
        path = f"/app/t/{forms.card.number}?{urlencode({'article': helped.code})}#articles"
        way = f'<p><a href="{escape(path)}">📖 {escape(now)}</a></p>'
    ways = [("", now), *known, (NONE, forms.renderer.plain("button.article.none"))]
    return way + forms.fields("ending").choose("article", forms.say("app.article"), ways)


def _tasks(forms: Forms) -> str:
    card = forms.card
    parts = [_task(forms, one) for one in forms.choices.tasks]
    ended = card.state.final or card.state.resolution
    if ended and _left(forms):
        parts.append(forms.form("settle", _tasks_left(forms, "settle"), forms.say("app.save")))
    parts += [_ended_task(forms, one) for one in forms.choices.ended]
    if not card.state.final:
        title = forms.fields("task").line("text", forms.say("app.task.title"), longest=_TASK_TITLE)
        parts.append(forms.form("task", title, forms.say("app.task.new")))
    return "".join(parts)


def _task(forms: Forms, one: TaskFacts) -> str:
    """A task: who has it, and what can be done with it."""
    name = clean_name(one.assignee) if one.assignee else Key("person.nobody")
    told = forms.renderer.html("app.task", task=one.id, title=clean_name(one.title, 80), name=name)
    this, say = hidden(task=str(one.id)), forms.renderer.html
    parts = (
        [] if one.assignee else [forms.form("task_take", this, say("button.task.take"), soft=True)]
    )
    result = _of_task(forms, "task_done", one).line("text", say("app.task.result"))
    parts.append(forms.form("task_done", this + result, say("button.task.done"), soft=True))
    if one.kind == EQUIPMENT:
        others = [
            (str(two.id), clean_name(two.name))
            for two in forms.choices.people
            if two.id != one.assignee_id
        ]
        whom = _of_task(forms, "task_assign", one).choose("whom", say("app.whom"), others)
        if others:
            give = say("button.task.assign")
            parts.append(forms.form("task_assign", this + whom, give, soft=True))
    why = _of_task(forms, "task_cancel", one).line("text", say("app.reason"))
    sure = forms.form("task_cancel", this + why, say("button.task.sure"), soft=True)
    parts.append(f"<details><summary>{say('button.task.cancel')}</summary>{sure}</details>")
    return f'<div class="task"><p>{told}</p>{"".join(parts)}</div>'


def _ended_task(forms: Forms, one: TaskFacts) -> str:
    """A task that is over: it can be opened again, and whoever had it is told."""
    title = clean_name(one.title, 80)
    state = Key(f"app.task.{one.state}")
    told = forms.renderer.html("app.task.ended", task=one.id, title=title, state=state)
    why = _of_task(forms, "task_reopen", one).line("text", forms.say("app.why"))
    again = forms.say("button.task.reopen")
    this = hidden(task=str(one.id))
    form = forms.form("task_reopen", this + why, again, soft=True)
    return f'<div class="task"><p>{told}</p>{form}</div>'


def _of_task(forms: Forms, verb: str, one: TaskFacts) -> Fields:
    """The fields of a form of this task alone: each task has the same forms."""
    is_this = forms.viewer.given.get("task") == str(one.id)
    return forms.fields(verb if is_this else "")


def _customer(forms: Forms) -> str:
    """Who writes what should not be written is muted or blocked for a while (S10)."""
    if isinstance(forms.card.faulty, FaultyArea):
        return ""
    found = forms.choices.restriction
    parts = [] if found is None else [_restricted(forms)]
    parts += [_restrict(forms, kind) for kind in ("mute", "block")]
    return "".join(parts)


def _restricted(forms: Forms) -> str:
    found = forms.choices.restriction
    if found is None:
        return ""
    told = forms.renderer.html(
        f"app.restricted.{found.kind}", until=found.until, reason=found.reason or ""
    )
    return f"<p>{told}</p>" + forms.form("unblock", "", forms.say("app.unblock"), soft=True)


def _restrict(forms: Forms, kind: str) -> str:
    at, plain = forms.fields(kind), forms.renderer.plain
    spans = [
        (one, plain("restricted.span", span=timedelta(hours=_HOURS[one]))) for one in RESTRICTED
    ]
    spans.append((OTHER, plain("button.freeze.other")))
    inside = f"<p>{forms.say(f'app.restrict.{kind}')}</p>"
    inside += at.choose("until", forms.say("app.until"), spans) + _day(forms, kind)
    inside += at.line("text", forms.say("app.reason"), more=" required")
    label = forms.say(f"app.do.{kind}")
    return forms.folded(label, forms.form(kind, inside, label), kind)


_MORE: Final[Mapping[str, Callable[[Forms], str]]] = {
    "state": _state,
    "assign": _assign,
    "escalate": _escalate,
    "tasks": _tasks,
    "topic": _topic,
    "classify": _classify,
    "title": _title,
    "tag": _tag,
    "fields": _own_fields,
    "ending": _ending,
    "customer": _customer,
}
# Those that are called as on the card.
_OF_CARD: Final = frozenset({"state", "assign", "escalate", "tasks"})
# Parts with more than one form.
_FORMS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "tasks": (
        "task",
        "task_take",
        "task_done",
        "task_assign",
        "task_cancel",
        "task_reopen",
        "settle",
    ),
    "customer": ("mute", "block", "unblock"),
}
