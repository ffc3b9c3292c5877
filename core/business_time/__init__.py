"""Time that counts only while the company works. Pure."""

from core.business_time.calendar import BadCalendar, Calendar, NeverOpen, read_calendar

__all__ = ["BadCalendar", "Calendar", "NeverOpen", "read_calendar"]
