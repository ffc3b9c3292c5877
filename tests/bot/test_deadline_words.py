"""What a ticket waits for is said in words on the sandbox's page, whatever rings."""

import re
from pathlib import Path

import pytest

import sandbox.page
from core.sla import answer_clock

WORDS = Path(sandbox.page.__file__).parent / "static/js/words"
KINDS = {
    *(kind for name, kind in vars(answer_clock).items() if name.isupper() and type(kind) is str),
    *answer_clock.NEAR.values(),
}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_kind_of_timer_has_words(language: str) -> None:
    said = (WORDS / f"{language}.js").read_text("utf-8")
    assert set(re.findall(r"deadline_(\w+):", said)) >= KINDS
