"""Rules (E2): conditions that hold of a ticket with all that can be asked, and who it goes to."""

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.models import Account, AccountMember, Camera, Ticket, TicketCamera, TicketTeam
from core.teams.assignee_parser import read_hand_over
from core.teams.assignment import hand_over
from core.tickets.classification import ClassWish, set_kind
from core.tickets.intake import hear
from core.tickets.sweep import sweep
from core.tickets.tags import change_tags
from core.tx import Tx
from tests.actions.people import ALICE, OLGA, opens, says
from tests.actions.store import Store
from tests.actions.test_handing import notes, operator_here
from tests.actions.test_rules import apply, rule, tried
from tests.clock import Clock

SORTED = """
[[service]]
code = "video"
titles = { en = "Video surveillance" }

[[team]]
code = "field"
titles = { en = "Field" }
level = 2
"""


async def _arrange(tx: Tx, number: int) -> None:
    """The ticket has all that a rule may ask about."""
    account = Account(name="House 10")
    camera = Camera(
        number="MOS_12_23",
        name="Gate",
        address="Lermontova 10",
        area="North yard",
        fields={},
        folded="",
        updated_at=tx.now,
    )
    await tx.insert(account, camera)
    ticket = await tx.get(Ticket, number, hold=True)
    await tx.insert(
        AccountMember(account_id=account.id, person_id=ticket.customer_id),
        TicketCamera(ticket_id=number, camera_id=camera.id),
    )
    await set_kind(tx, ticket, ClassWish(service="video", category="incident", priority="high"))
    await change_tags(tx, ticket, ["vip"])
    await hand_over(tx, number, await read_hand_over(tx, "field"))


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ('services = ["video"]', True),
        ('services = ["gates"]', False),
        ('categories = ["question", "incident"]', True),
        ('categories = ["question"]', False),
        ('priorities = ["high", "urgent"]', True),
        ('priorities = ["low"]', False),
        ('tags = ["x", "VIP"]', True),
        ('tags = ["x"]', False),
        ('teams = ["field"]', True),
        ('teams = ["office"]', False),
        ('accounts = ["house *"]', True),
        ('accounts = ["house ?"]', False),
        ('cameras = ["mos_*"]', True),
        ('cameras = ["SPB_*"]', False),
        ('areas = ["*yard"]', True),
        ('areas = ["yard"]', False),
    ],
)
async def test_each_condition_holds_where_the_ticket_is_so(
    desk: Desk, store: Store, when: str, fits: bool
) -> None:
    gates = '[[service]]\ncode = "gates"\ntitles = { en = "Gates" }\n'
    office = '[[team]]\ncode = "office"\ntitles = { en = "Office" }\n'
    ticket = await opens(desk)
    await apply(desk, SORTED, gates, office)
    await desk.run_as(await operator_here(desk, OLGA), _arrange, ticket.id)
    await apply(desk, rule("one", "customer_wrote", 'note = "Seen"', when))
    await desk.run(hear, ALICE, says(ALICE, "Hello?"))
    assert (await notes(store, ticket.id) == ["Seen"]) is fits
    assert (await tried(desk, "one") == [ticket.id]) is fits


async def test_a_rule_hands_a_ticket_to_a_team(desk: Desk, store: Store) -> None:
    await apply(desk, SORTED, rule("field", "opened", 'team = "field"'))
    ticket = await opens(desk)
    (row,) = await store.rows(select(TicketTeam))
    assert (row.ticket_id, row.team, row.level) == (ticket.id, "field", 2)
    (ran,) = await store.facts(ticket.id, "rule_ran")
    assert ran["done"] == ["team"]


async def test_a_rule_hands_a_ticket_to_a_person_who_is_told(desk: Desk, store: Store) -> None:
    olga = await operator_here(desk, OLGA)
    await apply(desk, rule("olga", "opened", 'assignee = "@Olga"'))
    ticket = await opens(desk)
    assert (await store.ticket(ticket.id)).assignee_id == olga.person_id
    assert "staff.assigned" in await store.told(OLGA.address.chat)
    (ran,) = await store.facts(ticket.id, "rule_ran")
    assert ran["done"] == ["assignee"]


async def test_a_rule_escalates_to_the_team_above(desk: Desk, store: Store, clock: Clock) -> None:
    await apply(desk, SORTED, rule("late", "overdue", "escalate = true"))
    ticket = await opens(desk)
    clock.move(days=3, minutes=1)
    await desk.run(sweep)
    (row,) = await store.rows(select(TicketTeam))
    assert (row.ticket_id, row.team, row.level) == (ticket.id, "field", 2)
    (ran,) = await store.facts(ticket.id, "rule_ran")
    assert ran["done"] == ["escalate"]
    assert "ticket_escalated" in await store.journal(ticket.id)
