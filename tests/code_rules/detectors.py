"""What each code rule looks for: a detector gives line and words, a test says where it applies."""

import ast
import re
from itertools import pairwise

from tests.code_rules.source import Found, nodes, strings

CYRILLIC = re.compile(r"[А-Яа-яЁё]")
TEXT_KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
CLOCKS = {
    *(f"{owner}.{reads}" for owner in ("datetime", "datetime.datetime", "dt.datetime")
      for reads in ("now", "utcnow", "today")),
    "date.today", "datetime.date.today", "time.time", "time.time_ns",
}  # fmt: skip
READS = {clock.rpartition(".")[2] for clock in CLOCKS}
STARTING = {"Popen", "run", "create_subprocess_exec"}
SAYING = {"answer", "reply", "send_message", "edit_text", "answer_photo", "edit_caption"}
# Codes of states that mean nothing else; the other three need a word about states beside them.
OWN_CODES = {"in_progress", "frozen", "resolved", "reopened", "cancelled"}
COMMON_CODES = {"new", "waiting", "closed"}
STATE = re.compile(r"stat(e|us)|\bcode\b", re.IGNORECASE)
# A category is one of a fixed few and may be asked; rows of the queues have states of their own.
NOT_A_TICKETS = re.compile(r"categor|inbox|outbox", re.IGNORECASE)


def commits(tree: ast.Module) -> Found:
    """`session.commit()`, by whatever name the session goes."""
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield node.lineno, f"{ast.unparse(node)}()"


def session_calls(tree: ast.Module) -> Found:
    """Methods of a transaction's session, instead of those of `Tx`."""
    for node in nodes(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="tx"), attr="session")):
                yield node.lineno, ast.unparse(node)


def outbox_writes(tree: ast.Module) -> Found:
    """Rows of the outbox that are made, changed or taken out, past the table of notices."""
    for node in nodes(tree):
        match node:
            case ast.ImportFrom(module="core.delivery.outbox", names=names):
                found = [name.name for name in names if name.name in {"row", "write"}]
            case ast.Attribute(value=ast.Name(id="outbox"), attr="row" | "write"):
                found = [ast.unparse(node)]
            case ast.Call(func=ast.Name(id="OutboxRow")):
                found = ["OutboxRow(…)"]
            case ast.Call(
                func=ast.Name(id="insert" | "update" | "delete"),
                args=[ast.Name(id="OutboxRow"), *_],
            ):
                found = [ast.unparse(node)]
            case _:
                continue
        for words in found:
            yield node.lineno, words


def clocks(tree: ast.Module) -> Found:
    """The machine's clock, called or handed on."""
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and node.attr in READS and ast.unparse(node) in CLOCKS:
            yield node.lineno, ast.unparse(node)


def untied(tree: ast.Module) -> Found:
    """Python started as a process that may outlive the one that starts it."""
    for node in nodes(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="sys"), attr="executable"):
                yield node.lineno, ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in STARTING:
                words = ast.unparse(node)
                if "python(" in words and "tied(" not in words:
                    yield node.lineno, words[:80]


def whole_locks(tree: ast.Module) -> Found:
    """Rows locked against those who write rows that refer to them."""
    for node in nodes(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="with_for_update")):
                call = ast.unparse(node)
                if _is_whole_lock(call):
                    yield node.lineno, call[-60:]


def _is_whole_lock(call: str) -> bool:
    options = re.search(r"\.with_for_update\(([^()]*)\)$", call)
    return options is not None and "key_share=True" not in options[1]


def cyrillic(tree: ast.Module) -> Found:
    """Words of a language in a literal; docstrings and comments may quote them."""
    for node in strings(tree):
        if CYRILLIC.search(str(node.value)):
            yield node.lineno, repr(node.value)[:60]


def sentences(tree: ast.Module) -> Found:
    """A literal with letters in it, said to somebody."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in SAYING:
                continue
            texts = [k.value for k in node.keywords if k.arg in {"text", "caption"}] + node.args[:2]
            for text in texts:
                if _speaks(text):
                    yield node.lineno, ast.unparse(node)[:80]


def _speaks(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(words)):
            return bool(re.search(r"[^\W\d_]", words)) and not TEXT_KEY.fullmatch(words)
        case ast.JoinedStr(values=parts):
            return any(_speaks(part) for part in parts if isinstance(part, ast.Constant))
        case ast.BinOp(left=left, right=right):
            return _speaks(left) or _speaks(right)
    return False


def state_codes(tree: ast.Module) -> Found:
    """`state.code == "resolved"`, `status in {"new", …}`, `case "closed"`."""
    for node in nodes(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(
                _names_a_state(*pair) or _names_a_state(*pair[::-1]) for pair in pairwise(sides)
            ):
                yield node.lineno, ast.unparse(node)[:80]
        elif isinstance(node, ast.Match):
            subject = ast.unparse(node.subject)
            for part in (part for case in node.cases for part in ast.walk(case.pattern)):
                if isinstance(part, ast.MatchValue) and _is_code(part.value, subject):
                    yield part.value.lineno, f"case {ast.unparse(part.value)}"


def _names_a_state(literal: ast.expr, other: ast.expr) -> bool:
    beside = ast.unparse(other)
    choices = literal.elts if isinstance(literal, ast.Set | ast.Tuple | ast.List) else [literal]
    return any(_is_code(choice, beside) for choice in choices)


def _is_code(literal: ast.expr, beside: str) -> bool:
    if not isinstance(literal, ast.Constant) or NOT_A_TICKETS.search(beside):
        return False
    ours = literal.value in OWN_CODES
    return ours or (literal.value in COMMON_CODES and bool(STATE.search(beside)))


# Libraries that speak with other machines; PostgreSQL's is the transaction itself.
CLIENTS = {
    *("aiohttp", "aiosmtplib", "dns", "httpx", "imaplib", "imap_tools", "obstore", "requests"),
    *("smtplib", "socket", "urllib3"),
}
GUARD = "demand_no_transaction"


def unasked_calls(tree: ast.Module) -> Found:
    """Clients in a module that never asks whether a transaction is open."""
    if any(_is_guard(node) for node in nodes(tree)):
        return
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [node.module or ""]
        else:
            continue
        for name in named:
            if name.partition(".")[0] in CLIENTS:
                yield node.lineno, name


def _is_guard(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name == GUARD
    return False
