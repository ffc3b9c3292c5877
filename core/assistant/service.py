"""The assistant of one process: asks the model outside of any transaction and notes what came.

Nothing of this is imported where no assistant is configured (X17).
"""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any, Final

from core.assistant import suggestions
from core.assistant.model import DOWN, MOST_TOKENS, SLOW, Model, ModelError
from core.assistant.question import compose
from core.assistant.suggestions import Outcome, Question, Suggested
from core.db import log_failure
from core.desk import Desk
from core.texts import Texts
from core.tx import demand_no_transaction
from core.words.masking import Masker

log = logging.getLogger(__name__)

# So many questions of this process are answered side by side; the others wait for their turn.
SIDE_BY_SIDE: Final = 4
# Seconds between two looks for questions that were lost.
LOOK_EVERY: Final = 15.0


@dataclass(slots=True)
class Assistant:
    """Asks ``model``; the instructions are texts of the catalogue, in the reader's language."""

    desk: Desk
    texts: Texts
    model: Model
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIDE_BY_SIDE))

    # the actions that are run around a question; see `suggestions`
    ask = staticmethod(suggestions.ask)
    note_shown = staticmethod(suggestions.note_shown)
    insert = staticmethod(suggestions.insert_suggestion)
    change = staticmethod(suggestions.change_suggestion)
    drop = staticmethod(suggestions.drop_suggestion)
    own = staticmethod(suggestions.own_suggestions)
    demand_of = staticmethod(suggestions.demand_of)

    async def answer(self, question: Question) -> Suggested | str | None:
        """Ask the model what was noted, and note what came of it; returns what `finish` does."""
        demand_no_transaction("assistant")
        outcome = await self._outcome(question)
        return await self.desk.run_as(question.actor, suggestions.finish, question, outcome)

    async def _outcome(self, question: Question) -> Outcome:
        """Ask. Whatever goes wrong, somebody waits: it is an outcome, too."""
        try:
            async with asyncio.timeout(self._patience()), self._turns:
                return await self._complete(question)
        except ModelError as error:
            log.warning("the assistant has not answered: %s", error)
            return Outcome(error.code)
        except TimeoutError:
            log.warning("the assistant has not answered in time")
            return Outcome(SLOW)
        except Exception as error:  # noqa: BLE001
            log_failure(log, "the assistant could not be asked", error)
            return Outcome(DOWN)

    async def _complete(self, question: Question) -> Outcome:
        """Masking takes as long as the texts are: nobody waits for it meanwhile."""
        masker = await asyncio.to_thread(Masker, question.material.known)
        document = await asyncio.to_thread(compose, question.material, masker)
        came = await self.model.complete(self._messages(question, document), MOST_TOKENS)
        return await asyncio.to_thread(suggestions.read_completion, question, masker, came)

    def _patience(self) -> float:
        terms = self.desk.company.assistance
        return 0.0 if terms is None else terms.patience.total_seconds()

    def _messages(self, question: Question, document: str) -> list[dict[str, Any]]:
        told = [self._say(question, f"assistant.prompt.{key}") for key in (question.kind, "rules")]
        return [
            {"role": "system", "content": "\n".join(told)},
            {"role": "user", "content": document},
        ]

    def _say(self, question: Question, key: str) -> str:
        now, zone = self.desk.clock(), self.desk.company.zone
        return self.texts.say(question.locale, key, {}, now=now, zone=zone)

    async def run(self) -> None:
        """Look for questions that were lost until cancelled; the desk works without it."""
        while True:
            try:
                await self.desk.run(suggestions.settle_lost)
            except Exception as error:  # noqa: BLE001 it is tried again
                log_failure(log, "lost questions could not be looked for", error)
            await asyncio.sleep(LOOK_EVERY)

    async def close(self) -> None:
        """Let go of connections."""
        await self.model.close()
