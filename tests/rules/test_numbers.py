import pytest

from core.words.numbers import find_masked, find_number

READ = [
    ("12", 12, ""),
    ("#12", 12, ""),
    ("№12", 12, ""),
    ("№ 12", 12, ""),
    ("SR-12", 12, ""),
    ("sr-12", 12, ""),
    ("SR–12", 12, ""),  # a phone made the hyphen a dash
    ("  12  текст ответа ", 12, "текст ответа"),
    ("12, проверьте кабель", 12, "проверьте кабель"),
    ("12: проверьте", 12, "проверьте"),
    ("#12\nдве\nстроки", 12, "две\nстроки"),
    ("12 2d ждём поставку", 12, "2d ждём поставку"),
    ("12 // для своих", 12, "// для своих"),
    ("007", 7, ""),
    ("１２", 12, ""),
    ("＃１２ да", 12, "да"),
    ("ＳＲ－１２", 12, ""),
    ("2147483647", 2147483647, ""),
]

REFUSED = [
    "",
    "двенадцать",
    "12abc",
    "12й",
    "abc12",
    "0",
    "#0",
    "-12",
    "−12",
    "#-12",
    "2147483648",
    "99999999999999999999999",
    "AB-12",
    "SR12",
    "SR-",
    "12:30",
    "12.5",
    "12-13",
    "12/3",
    "12²",
    "##12",
    "1 2".replace(" ", "_"),
]


@pytest.mark.parametrize(("text", "number", "rest"), READ)
def test_a_number_is_read_however_it_was_written(text: str, number: int, rest: str) -> None:
    assert find_number(text) == (number, rest)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_number_of_this_desk_is_refused(text: str) -> None:
    assert find_number(text) is None


@pytest.mark.parametrize(
    ("text", "mask", "number"),
    [
        ("HELP/12", "HELP/{0}", 12),
        ("[help 12]", "[HELP {0}]", 12),
        ("12", "HELP/{0}", 12),
        ("двор-12", "ДВОР-{0}", 12),
        ("SR-12", "HELP/{0}", None),
        ("HELPx12", "HELP.{0}", None),
        ("12", "{0}", 12),
    ],
)
def test_each_desk_has_a_mask_of_its_own(text: str, mask: str, number: int | None) -> None:
    found = find_number(text, mask)
    assert (found and found[0]) == number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Re: The gate [SR-12]", [12]),
        ("sr-12, SR–13", [12, 13]),
        ("SR_12, ASR-12, SR-12x, SR 12, XX-12, #12, 12", []),
        ("SR-0, SR-99999999999", []),
        ("(SR-7)", [7]),
    ],
)
def test_numbers_are_found_anywhere_only_as_the_mask_writes_them(
    text: str, numbers: list[int]
) -> None:
    assert find_masked(text, "SR-{0}") == numbers
