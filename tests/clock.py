"""The desk's clock in tests: it stands where a test puts it, or runs and can be put forward."""

from datetime import UTC, datetime, timedelta

# A Monday morning within everybody's working hours.
MORNING = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class Clock:
    """Time that stands still until a test moves it; without ``now`` it runs as the machine's."""

    def __init__(self, now: datetime | None = MORNING) -> None:
        self.stands = now
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return (self.stands or datetime.now(UTC)) + self.ahead

    @property
    def now(self) -> datetime:
        return self()

    @now.setter
    def now(self, moment: datetime) -> None:
        self.stands, self.ahead = moment, timedelta()

    def move(self, seconds: float = 0.0, **span: float) -> datetime:
        """Put the clock forward (or back) and return the time that it shows."""
        self.ahead += timedelta(seconds=seconds, **span)
        return self()
