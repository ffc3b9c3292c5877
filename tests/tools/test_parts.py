"""The list of parts says what the lock says (S35)."""

import json

import pytest

from tools.parts import LOCK, entries, parts

HASHES = " \\\n    --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64


def test_every_package_of_the_lock_is_in_the_list_with_its_hashes_and_licence() -> None:
    lock = LOCK.read_text("utf-8")
    listed = {part["name"]: part for part in parts()["components"]}
    assert len(listed) == lock.count("==")
    assert sum(len(part["hashes"]) for part in listed.values()) == lock.count("--hash=")
    for name, part in listed.items():
        assert f"{name}=={part['version']}" in lock
        assert part["purl"] == part["bom-ref"] == f"pkg:pypi/{name}@{part['version']}"
        assert part["licenses"][0]["license"]["name"]


def test_it_is_the_same_list_each_time() -> None:
    assert json.dumps(parts()) == json.dumps(parts())


def test_what_is_needed_somewhere_only_says_where() -> None:
    lock = f"one==1.0{HASHES}\ntwo==2.0 ; sys_platform == 'win32'{HASHES}"
    (one, two) = entries(lock)
    assert one == ("one", "1.0", None, ["a" * 64, "b" * 64])
    assert two == ("two", "2.0", "sys_platform == 'win32'", ["a" * 64, "b" * 64])


def test_a_package_without_a_version_is_no_part() -> None:
    with pytest.raises(ValueError, match="loose>=1"):
        list(entries(f"one==1.0{HASHES}\nloose>=1"))
