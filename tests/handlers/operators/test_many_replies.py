"""Many replies in between each other: each reaches the customer of what it answers, and nobody else
(S25). ``REPLIES`` says how many; another ``WALK_SEED`` gives other ones.
"""

import os
import random
from collections import defaultdict

from sandbox import Message as Sent
from sandbox import Person
from tests.handlers.operators.group import Group

REPLIES = int(os.environ.get("REPLIES", "60"))
SEED = os.environ.get("WALK_SEED", "1")
CUSTOMERS, EACH = 6, 2


async def test_each_of_many_replies_reaches_the_customer_of_what_it_answers(group: Group) -> None:
    dice = random.Random(SEED)
    customers = [group.world.user(f"К{n}", language="ru", started=True) for n in range(CUSTOMERS)]
    of: dict[int, Person] = {}
    for who in customers * EACH:
        of[await group.ticket("Не работает", by=who)] = who
    below: dict[int, list[Sent]] = {number: [await group.card(number)] for number in of}
    ours: dict[int, list[Sent]] = defaultdict(list)
    answers: dict[Person, list[str]] = defaultdict(list)
    words: dict[int, list[str]] = defaultdict(list)
    for count in range(REPLIES):
        number = dice.choice([*of])
        said, who = f"[{count}]", of[number]
        if ours[number] and dice.random() < 0.4:
            await who.say(said, reply_to=dice.choice(ours[number]))
            await group.settle()
            words[number].append(said)
        else:
            colleague = dice.choice([group.olga, group.oleg])
            await group.says(colleague, said, to=dice.choice(below[number]))
            answers[who].append(said)
        shown = len(group.chat.bot_messages)
        told = len(who.chat.bot_messages)
        await group.deliver()
        below[number] += [m for m in group.chat.bot_messages[shown:] if said in m.text]
        ours[number] += [m for m in who.chat.bot_messages[told:] if said in m.text]
    for who in customers:
        numbers = [
            line.split()[-1]
            for m in who.chat.bot_messages
            for line in m.text.splitlines()
            if line.endswith("]") and "[" in line
        ]
        assert numbers == answers[who], who.full_name
    for number in of:
        found = await group.rows(
            "SELECT text FROM message WHERE ticket_id=:n AND from_customer AND text LIKE '[%'"
            " ORDER BY id",
            n=number,
        )
        assert [text for (text,) in found] == words[number], number
