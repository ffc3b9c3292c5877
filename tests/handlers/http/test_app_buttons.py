"""What the card of a ticket offers in the chat, its page offers, too: no button is forgotten."""

from typing import Final

import pytest

from channels.telegram.screens import card, people, tasks
from channels.telegram.screens.callback_data import KINDS
from handlers.http.app import assistance, forms
from handlers.http.app.actions import ACTIONS
from handlers.http.app.given import OTHER, RESTRICTED, SPANS
from handlers.telegram.operators import assistant as assistant_steps
from handlers.telegram.operators import buttons, card_buttons

# A button of the card and what does the same on the page: an action, …
ACTED: Final = {
    **{verb: verb for verb in ("take", "release", "wait", "freeze", "unfreeze", "resolve")},
    **{verb: verb for verb in ("reopen", "assign", "escalate", "close", "cancel", "state", "task")},
    "close!": "close",
    "cancel!": "cancel",
    "resolve!": "resolve",
}
# … a part of the page, …
SHOWN: Final = {"journal", "data", "why", "tasks", "transcript"}
# … nothing, because the page has no menus of buttons, …
MENUS: Final = {"more", "back", "assistant"}
# … or the assistant, which is asked by the same names, and whose menu is its row of buttons.
ASKED: Final = {"draft", "summary", "translate"}

OF_TASKS: Final = {
    "take": "task_take",
    "done": "task_done",
    "assign": "task_assign",
    "cancel": "task_cancel",
    "cancel!": "task_cancel",
    "reopen": "task_reopen",
}
NOT_OF_TASKS: Final = {"back"}

# Every kind of button that the group has, and the action of the page, or why there is none.
KINDS_OF_BUTTONS: Final = {
    "TicketVerb": "take",
    "Freeze": "freeze",
    "FreezeEnd": "freeze",
    "Classify": "classify",
    "SetTopic": "topic",
    "MoveTo": "state",
    "EndAs": "ending",
    "UseArticle": "ending",
    "UseTag": "tag",
    "FieldChoice": "fields",
    "AssignPerson": "assign",
    "AssignTeam": "assign",
    "EscalateTo": "escalate",
    "TaskVerb": "task_done",
    "AssignTask": "task_assign",
    "ResolveTasks": "resolve",
    "CloseTasks": "close",
    "EndTasksAs": "resolve",
    "SettleLeft": "settle",
    "ShowPerson": "block",
    "SendResponse": "answer",
    "SendArticle": "answer",
    "LinkArticle": "link_article",
    "WriteArticle": "write_article",
}
# … and those for which the page has a part of its own.
PARTS: Final = {"ArticlesFor", "ArticleFor", "SuggestionStep"}
NOT_OF_A_TICKET: Final = {
    # lists, their pages, and what leads from one message to another
    *("ListPage", "TaskPage", "EndedPage", "NextUp", "HelpSection", "ShowWords", "ShowWhole"),
    *("ResponsePage", "ShowResponse", "DropResponse"),
    # below a message of the group: about this message alone
    *("RetryAnswer", "QuestionAfterAll", "UndoMerge", "MakeParent", "OutageStep", "WriteTo"),
}


def test_every_button_of_a_card_is_on_its_page() -> None:
    known = set(card._VERBS)
    assert known == {*ACTED, *SHOWN, *MENUS, *ASKED}, "say where the page has it"
    assert {*ACTED.values()} <= {*ACTIONS}
    assert {*assistance.ASKED} >= ASKED


def test_every_step_of_a_suggestion_is_on_the_page() -> None:
    assert {*assistance.DECIDED.values()} == {*assistant_steps._STEPS}
    assert not assistance.VERBS & {*ACTIONS}


def test_every_button_of_a_task_is_on_the_page_of_its_ticket() -> None:
    offered = {*tasks._OFFERED, "cancel!", "reopen", "back"}
    assert offered == {*OF_TASKS, *NOT_OF_TASKS}
    assert {*OF_TASKS.values()} <= {*ACTIONS}


def test_every_kind_of_button_of_the_group_is_on_the_page_or_has_a_reason_not_to_be() -> None:
    kinds = {kind.__name__ for kind in buttons.HANDLERS}
    assert kinds == {*KINDS_OF_BUTTONS, *PARTS, *NOT_OF_A_TICKET}
    assert not ({*KINDS_OF_BUTTONS} | PARTS) & NOT_OF_A_TICKET
    assert {*KINDS_OF_BUTTONS.values()} <= {*ACTIONS}
    assert kinds <= {kind.__name__ for kind in KINDS}


def test_the_page_offers_the_same_ends_of_a_freeze_and_of_a_block() -> None:
    assert {*SPANS, OTHER} == {*card._FREEZES}
    assert {*forms._HOURS} == {*RESTRICTED} and tuple(forms._HOURS.values()) == people._SPANS
    assert {word: card_buttons.SPANS.get(word, "") for word in SPANS} == dict(SPANS)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_action_has_a_form(name: str) -> None:
    drawn = {*forms._MORE} | {verb for verbs in forms._FORMS_OF.values() for verb in verbs}
    moves = {*ACTED.values()} | {"answer", "note", "link_article", "write_article"}
    assert name in drawn | moves
