"""Which versions are let go in time, and which stay for ever.

What was saved on purpose stays, unless the operator says for how many days: from then on one
version of each day and note stays, the day's last. Of autosaves older than a day the last one
of each ten minutes, note and person stays. Days and minutes are UTC.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

AUTOSAVES_KEPT: Final = timedelta(days=1)
_TEN_MINUTES: Final = 600
_OF_NONE: Final = 0


class Place(NamedTuple):
    """A version's place in its note's history."""

    note_id: int
    version: int
    by_id: str
    at: datetime
    is_autosave: bool
    is_deleted: bool


@dataclass(slots=True)
class Thinning:
    """Judges versions that come newest first, note by note, in as many parts as one likes."""

    keep_days: int
    """For how many days everything saved on purpose stays; 0 for ever."""
    _note_id: int = _OF_NONE
    _day: date | None = None
    _ten_minutes: int = 0
    _people: set[str] = field(default_factory=set)
    """Whose autosave of these ten minutes stays."""

    def falls(self, place: Place, now: datetime) -> bool:
        """Return whether the version may go; a note's newest never, nor a gravestone."""
        is_newest = place.note_id != self._note_id
        if is_newest:
            self._note_id, self._day = place.note_id, None
        if place.is_deleted:
            return False
        falls = not is_newest and (
            self._is_of_a_day_that_has_one(place, now)
            or self._is_of_ten_minutes_that_have_one(place, now)
        )
        if not falls:
            self._remember(place)
        return falls

    def _is_of_a_day_that_has_one(self, place: Place, now: datetime) -> bool:
        is_old = bool(self.keep_days) and place.at < now - timedelta(days=self.keep_days)
        return is_old and place.at.date() == self._day

    def _is_of_ten_minutes_that_have_one(self, place: Place, now: datetime) -> bool:
        is_old = place.is_autosave and place.at < now - AUTOSAVES_KEPT
        return is_old and self._is_same_time(place) and place.by_id in self._people

    def _remember(self, place: Place) -> None:
        if not self._is_same_time(place):
            self._ten_minutes = _ten_minutes(place.at)
            self._people.clear()
        self._day = place.at.date()
        if place.is_autosave:
            self._people.add(place.by_id)

    def _is_same_time(self, place: Place) -> bool:
        return self._day is not None and _ten_minutes(place.at) == self._ten_minutes


def _ten_minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // _TEN_MINUTES
