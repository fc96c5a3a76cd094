"""Times as the library tells them, as datetimes in UTC."""

from datetime import datetime, timedelta, timezone
from typing import Optional

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime.max.replace(tzinfo=timezone.utc)


def moment(milliseconds: int) -> datetime:
    """A number of milliseconds since 1970; what lies beyond the year 9999 counts as its end."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return LATEST


def moment_or_none(milliseconds: int) -> Optional[datetime]:
    """The same, where 0 stands for none."""
    return moment(milliseconds) if milliseconds else None


def read(text: object) -> datetime:
    """A time as an operation answers it: RFC 3339, or milliseconds where the year has more than four digits."""
    if not isinstance(text, str):
        raise TypeError("a time that is no text")
    if text.endswith(" ms"):
        return moment(int(text[:-3]))
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
