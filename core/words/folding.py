"""Words as a search compares them."""


def fold(words: str) -> str:
    """In one case, «ё» as «е»."""
    return words.casefold().replace("ё", "е")
