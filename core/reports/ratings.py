"""What customers say of our work in a period, in figures (B14, H1)."""

from dataclasses import dataclass

from core.reports.day_figures import Sums


@dataclass(frozen=True, slots=True)
class Ratings:
    """Of ``asked`` resolutions of a period, ``rated`` were rated, at ``average`` on the whole."""

    asked: int
    rated: int
    average: float | None


def ratings_of(sums: Sums) -> Ratings:
    """Return the ratings of what was resolved on the days of these sums; an operator's are those of
    what they resolved. Tests and junk are not counted.
    """
    counts = sums.of("ratings")
    given = {int(rating): n for rating, n in counts.items() if rating}
    rated, total = sum(given.values()), sum(rating * n for rating, n in given.items())
    return Ratings(sum(counts.values()), rated, total / rated if rated else None)
