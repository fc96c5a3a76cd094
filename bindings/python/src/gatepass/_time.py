"""Times as the library tells them, as datetimes in UTC."""

from datetime import datetime, timezone
from typing import Optional

LATEST = datetime.max.replace(tzinfo=timezone.utc)


def moment(milliseconds: int) -> datetime:
    """A number of milliseconds since 1970; what lies beyond the year 9999 counts as its end."""
    seconds, rest = divmod(milliseconds, 1000)
    try:
        # Not by adding a timedelta: at the end of the process that crashes Python 3.13.0.
        return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest * 1000)
    except (OverflowError, ValueError, OSError):
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
