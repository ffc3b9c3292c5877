"""Which agreement counts, and which of its terms (C4): a table, a line for each rule."""

from datetime import date

import pytest

from core.sla.terms import Kind, Signed, Spans, Term, choose, narrowest

TODAY = date(2026, 11, 23)
BEFORE, AFTER = date(2026, 11, 22), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("contracts", "account", "default", "chosen"),
    [
        ([], None, None, None),
        ([], None, "plain", "plain"),
        ([], "house", "plain", "house"),
        ([Signed("gold")], "house", "plain", "gold"),
        ([Signed("gold")], None, None, "gold"),
        ([Signed("gold", since=TODAY)], "house", "plain", "gold"),
        ([Signed("gold", until=TODAY)], "house", "plain", "gold"),
        ([Signed("gold", since=AFTER)], "house", "plain", "house"),
        ([Signed("gold", until=BEFORE)], "house", "plain", "house"),
        ([Signed("gold", until=BEFORE)], None, "plain", "plain"),
        ([Signed("gold", until=BEFORE), Signed("silver")], "house", "plain", "silver"),
        ([Signed("gold"), Signed("silver", since=BEFORE)], "house", "plain", "silver"),
        ([Signed("silver", since=BEFORE), Signed("gold", since=TODAY)], None, None, "gold"),
    ],
)
def test_the_contract_goes_before_the_account_and_the_account_before_the_default(
    contracts: list[Signed], account: str | None, default: str | None, chosen: str | None
) -> None:
    assert choose(contracts, account, default, TODAY) == chosen
    assert choose(contracts[::-1], account, default, TODAY) == chosen


def term(
    number: int,
    service: str | None = None,
    category: str | None = None,
    priority: str | None = None,
) -> Term:
    return Term(Kind(service, category, priority), Spans(number, number * 10))


ANY, VIDEO = term(1), term(2, "video")
INCIDENT, URGENT = term(3, None, "incident"), term(4, None, None, "urgent")
VIDEO_INCIDENT = term(5, "video", "incident")
VIDEO_URGENT = term(6, "video", None, "urgent")
INCIDENT_URGENT = term(7, None, "incident", "urgent")
ALL_THREE = term(8, "video", "incident", "urgent")
EVERY = [ANY, VIDEO, INCIDENT, URGENT, VIDEO_INCIDENT, VIDEO_URGENT, INCIDENT_URGENT, ALL_THREE]


@pytest.mark.parametrize(
    ("terms", "kind", "counts"),
    [
        ([], Kind("video"), None),
        ([ANY], Kind(), ANY),
        ([ANY], Kind("video", "incident", "urgent"), ANY),
        ([VIDEO], Kind(), None),
        ([VIDEO], Kind("doors"), None),
        ([ANY, VIDEO], Kind("doors"), ANY),
        ([ANY, VIDEO], Kind("video"), VIDEO),
        ([ANY, VIDEO, INCIDENT, URGENT], Kind("video", "incident", "urgent"), VIDEO),
        ([ANY, INCIDENT, URGENT], Kind("video", "incident", "urgent"), INCIDENT),
        ([ANY, URGENT], Kind("video", "incident", "urgent"), URGENT),
        ([VIDEO, INCIDENT_URGENT], Kind("video", "incident", "urgent"), INCIDENT_URGENT),
        ([VIDEO_URGENT, VIDEO_INCIDENT], Kind("video", "incident", "urgent"), VIDEO_INCIDENT),
        ([INCIDENT_URGENT, VIDEO_URGENT], Kind("video", "incident", "urgent"), VIDEO_URGENT),
        (EVERY, Kind("video", "incident", "urgent"), ALL_THREE),
        (EVERY, Kind("video", "incident"), VIDEO_INCIDENT),
        (EVERY, Kind("video", "question", "urgent"), VIDEO_URGENT),
        (EVERY, Kind("doors", "incident", "urgent"), INCIDENT_URGENT),
        (EVERY, Kind(priority="urgent"), URGENT),
        (EVERY, Kind("doors", "question", "low"), ANY),
    ],
)
def test_the_narrowest_term_counts_as_a_whole(
    terms: list[Term], kind: Kind, counts: Term | None
) -> None:
    expected = Spans() if counts is None else counts.spans
    assert narrowest(terms, kind) == expected
    assert narrowest(terms[::-1], kind) == expected


def test_a_narrow_term_without_a_span_promises_nothing_of_that_kind() -> None:
    quick = Term(Kind(priority="urgent"), Spans(reaction=60))
    assert narrowest([ANY, quick], Kind(priority="urgent")) == Spans(60, None)
