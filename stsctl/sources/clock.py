"""How far this machine's clock is from AWS's, by the date in an answer that nobody signed for.

Source: https://www.rfc-editor.org/rfc/rfc9110#field.date
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from stsctl.errors import UnavailableError
from stsctl.sources.http import Http


def ahead(http: Http, url: str, now: Callable[[], datetime]) -> timedelta:
    """How much `now` is later than what the server at `url` says; negative where it is earlier.

    The date has whole seconds, and the way there and back takes a while: a second or two is no difference. Raises
    UnavailableError.
    """
    before = now()
    answer = http.get("the time", url)
    middle = before + (now() - before) / 2
    try:
        there = parsedate_to_datetime(answer.headers["date"])
        return middle - there
    except (KeyError, ValueError, TypeError) as error:
        raise UnavailableError("AWS's answer says no time") from error
