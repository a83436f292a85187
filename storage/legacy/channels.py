"""The predecessor's channels: can our bot still read them, and what are they to serve here?

What is in a channel that no bot of ours is in cannot be read: it is taken over all the same, because the bot may be
made an administrator later, and said.
"""

from collections.abc import Sequence

import structlog

from storage.domain import Purpose
from storage.engine.channel_book import ChannelBook, Outcome
from storage.errors import ArchiveError
from storage.legacy.report import LookedAt
from storage.legacy.source import LegacyChannel

log = structlog.get_logger(__name__)

_MOST = 100


async def look_at(
    channels: Sequence[LegacyChannel], book: ChannelBook | None, *, bind: bool, actor: str
) -> list[LookedAt]:
    """Look at each, and with ``bind`` let it serve its purpose beside what serves it here. No book: nobody is asked.

    Those with most files first, and at most a hundred of them.
    """
    wanted = sorted(channels, key=lambda one: (not one.active, -one.files))[:_MOST]
    return [await _look(one, book, bind=bind and one.active, actor=actor) for one in wanted]


async def _look(channel: LegacyChannel, book: ChannelBook | None, *, bind: bool, actor: str) -> LookedAt:
    purpose = Purpose(channel.purpose) if channel.purpose in set(Purpose) else None
    problems: tuple[str, ...] | None = None
    bound: str | None = None
    if book is not None:
        try:
            examined = (await book.examine(channel.chat_id)).examined
            problems = tuple(problem.value for problem in examined.problems)
            if bind and purpose is not None and not problems:
                outcome = (await book.bind(purpose, channel.chat_id, by=actor, add=True)).outcome
                bound = outcome.value if outcome is not Outcome.UNFIT else None
        except ArchiveError as error:
            log.warning("channel_not_looked_at", chat_id=channel.chat_id, error=str(error))
    return LookedAt(
        chat_id=channel.chat_id,
        name=channel.name,
        purpose=channel.purpose,
        files=channel.files,
        problems=problems,
        bound=bound,
    )
