"""The reference of what a browser does with the events: they turn a snapshot into the present."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]
Event = tuple[str, Json]


def events_in(stream: bytes) -> list[tuple[int, str, Json]]:
    """Number, kind and data of each event in a piece of the stream."""
    found = []
    for block in stream.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return found


def apply(snapshot: Json, events: Iterable[Event], shown: int = 200) -> Json:
    """The snapshot after these events. Raises KeyError for one that a browser could not take."""
    state = copy.deepcopy(snapshot)
    for kind, data in events:
        _CHANGES[kind](state, data)
        for chat in state["chats"]:
            chat["messages"] = chat["messages"][-shown:]
    return state


def _chat(state: Json, number: int) -> Json:
    found: Json = {chat["id"]: chat for chat in state["chats"]}[number]
    return found


def _put(state: Json, data: Json) -> None:
    chat = _chat(state, data["chat"])
    others = [message for message in chat["messages"] if message["id"] != data["id"]]
    chat["messages"] = sorted([*others, data], key=lambda m: int(m["id"]))


def _edit(state: Json, data: Json) -> None:
    assert data["id"] in [message["id"] for message in _chat(state, data["chat"])["messages"]]
    _put(state, data)


def _delete(state: Json, data: Json) -> None:
    chat = _chat(state, data["chat"])
    numbers = [message["id"] for message in chat["messages"]]
    del chat["messages"][numbers.index(data["message"])]


def _reactions(state: Json, data: Json) -> None:
    messages = _chat(state, data["chat"])["messages"]
    next(m for m in messages if m["id"] == data["message"])["reactions"] = data["reactions"]


def _furnish(state: Json, data: Json) -> None:
    chat = _chat(state, data["chat"])
    chat.update({name: value for name, value in data.items() if name != "chat"})


def _chats(state: Json, data: Json) -> None:
    known = {chat["id"]: chat["messages"] for chat in state["chats"]}
    state["chats"] = [c | {"messages": known.get(c["id"], [])} for c in data["chats"]]


def _replace(name: str) -> Callable[[Json, Json], None]:
    def change(state: Json, data: Json) -> None:
        state[name] = data[name] if name in data and isinstance(data[name], list) else data

    return change


def _clock(state: Json, data: Json) -> None:
    state["offset"] = data["offset"]


_CHANGES: dict[str, Callable[[Json, Json], None]] = {
    "message": _put,
    "edit": _edit,
    "delete": _delete,
    "reactions": _reactions,
    "pin": _furnish,
    "keyboard": _furnish,
    "commands": _furnish,
    "typing": _furnish,
    "chats": _chats,
    "people": _replace("people"),
    "faults": _replace("faults"),
    "bot": _replace("bot"),
    "machine": _replace("machine"),
    "clock": _clock,
    "toast": lambda _state, _data: None,
}
