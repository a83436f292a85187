"""A phone number that somebody shares: who is it at the company, and may they come in for it."""

from enum import StrEnum

import structlog

from storage.callers.people import Access, People, PersonView
from storage.errors import PeerRefused, PeerUnavailable
from storage.users.port import Profile
from storage.users.profiles import Profiles

log = structlog.get_logger(__name__)


class Sharing(StrEnum):
    """What came of sharing a number; the words are those of the texts."""

    WELCOME = "contact-welcome"
    UNKNOWN = "contact-unknown"
    LATER = "contact-later"


class Phones:
    """With `Access.CONTACT` every own number opens, with `Access.INVITE` one that the User Service knows."""

    def __init__(self, *, people: People, profiles: Profiles, access: Access) -> None:
        self._people = people
        self._profiles = profiles
        self._access = access

    @property
    def open_doors(self) -> bool:
        """Whether sharing a number may let somebody in."""
        return self._access is Access.CONTACT or (self._access is Access.INVITE and self._profiles.knows_numbers)

    async def shared(self, person: PersonView, phone: str) -> Sharing:
        """Somebody shared their own number: let them in where that is enough, and note who they are."""
        try:
            found: Profile | None = await self._profiles.find_by_phone(phone)
        except (PeerUnavailable, PeerRefused) as error:
            log.warning("number_not_looked_up", error=str(error))
            if self._access is Access.INVITE:
                return Sharing.LATER
            found = None
        if found is not None:
            await self._people.known_as(person.telegram_id, found.user_id, found.language)
        elif self._access is Access.INVITE:
            return Sharing.UNKNOWN
        await self._people.admit(person.telegram_id)
        return Sharing.WELCOME
