"""What rules, canned responses, articles and the assistant have done."""

from dataclasses import dataclass

from core.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSent(Event):
    """A canned response became an answer, or only did what it does (E1)."""

    response: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSent(Event):
    """A public article became an answer (B13)."""

    article: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLinked(Event):
    """The ticket is about what an article says (B13)."""

    article: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold(Event):
    """A rule tells colleagues something of a ticket (E2). ``to``: who, a word of the directory;
    ``concerns``: whom it calls, the assignee or those of the team.
    """

    to: str
    text: str
    concerns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRan(Event):
    """A rule's conditions held (E2). ``done``: which of its actions were possible."""

    rule: str
    title: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAsked(Event):
    """Somebody has asked the assistant (X17). ``kind``: what for."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAnswered(Event):
    """A question to the assistant has ended: ``outcome`` is `answered`, or why it was not.

    ``asked`` and ``answered`` are tokens, as the server has counted them.
    """

    kind: str
    outcome: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionEnded(Event):
    """What became of a suggestion: it was `inserted`, `changed` by whoever asked, `dropped`, or
    `forgotten`, because nobody decided.
    """

    kind: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionLost(Event):
    """Nobody will see what the assistant was asked for: the process has ended meanwhile.

    ``concerns``: who has asked; ``assignee_id``: the same, whom the notice is for.
    """

    kind: str
    concerns: tuple[int, ...]
    assignee_id: int
