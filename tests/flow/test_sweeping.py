"""The minute's sweep: whatever has no wake-up gets one, and what was woken a moment ago is left alone."""

from sqlalchemy import text, update

from storage.tables import Card
from tests.flow.archives import RunningArchive


async def test_only_cards_that_nothing_happened_to_for_a_minute_are_woken(archive: RunningArchive) -> None:
    """There is no bot here that would show them."""
    sessions, sweeper = archive.archive.sessions, archive.archive.sweeper

    async def woken() -> int:
        async with sessions.begin() as session:
            return await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'card'")) or 0

    async with sessions.begin() as session:
        session.add(Card(chat_id=1, person_id=1, language="en", reply_to_message_id=1))
    await sweeper.sweep()
    assert await woken() == 0
    async with sessions.begin() as session:
        await session.execute(update(Card).values(changed_at=text("now() - interval '2 minutes'")))
    await sweeper.sweep()
    assert await woken() == 1
