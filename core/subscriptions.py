"""Who acts upon events, in this order. One list for the process and for every test.

0. the team of the mailbox that a ticket began in; then the company's own rules;
1. what changes whose a ticket is, or what it is part of: proved phones, outages, children,
   tickets that a team gives to those on duty;
2. what is kept in step with it: clocks, the next contact, unread answers, tasks;
3. its place in the queue, which depends on the clocks; then the cards of tickets linked with it,
   alerts that are over, and boards whose group got another id;
4. last, once, with everything that has happened: the journal, then the notices, then the
   calls of other systems.
"""

from typing import Final

from core import journal
from core.automation import rules
from core.contacts import merge
from core.delivery import alerts, outbox
from core.equipment import follow_ups, outages
from core.integrations import webhooks
from core.links import ticket_links
from core.sla import clock_recorder
from core.subscribers import Subscriber
from core.tasks import task_recorder
from core.teams import assignment, mailbox_teams
from core.tickets import board, next_contact, parents, queue_order, silence

SUBSCRIBERS: Final[tuple[Subscriber, ...]] = (
    mailbox_teams.SUBSCRIBER,
    rules.SUBSCRIBER,
    merge.SUBSCRIBER,
    follow_ups.SUBSCRIBER,
    outages.SUBSCRIBER,
    parents.SUBSCRIBER,
    assignment.SUBSCRIBER,
    clock_recorder.SUBSCRIBER,
    next_contact.SUBSCRIBER,
    silence.SUBSCRIBER,
    task_recorder.SUBSCRIBER,
    queue_order.SUBSCRIBER,
    ticket_links.SUBSCRIBER,
    alerts.SUBSCRIBER,
    alerts.MOVED,
    board.SUBSCRIBER,
    journal.SUBSCRIBER,
    outbox.SUBSCRIBER,
    webhooks.SUBSCRIBER,
)
