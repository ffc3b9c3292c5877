"""Names of the states that every desk has from the first day."""

from core.words.state_names import TITLES, names_of


def test_a_name_of_an_earlier_release_is_todays_and_one_of_the_companys_stays() -> None:
    assert names_of("frozen", {"ru": "Отложено", "en": "Frozen"}) == TITLES["frozen"]
    own = {"ru": "Отложено"}
    assert names_of("frozen", own) is own
    assert names_of("own_state", {}) == {}
