"""A long history does not make it slow."""

import statistics
import time

from sandbox.client import SandboxClient
from tests.contract.sandbox.driving import AZIZA, REQUESTS, Raw

MESSAGES = 1500


async def test_the_last_of_many_messages_is_as_quick_as_the_first(client: SandboxClient, raw: Raw) -> None:
    """The margin is wide: only work that grows with the history breaks it."""
    await client.options(flood={"enabled": False})
    seconds = []
    for number in range(MESSAGES):
        started = time.perf_counter()
        await raw.result("sendMessage", chat_id=REQUESTS, text=f"message {number}")
        seconds.append(time.perf_counter() - started)
        if number % 3 == 0:
            await client.send_text(AZIZA, str(number))
    assert statistics.median(seconds[-100:]) < 3 * statistics.median(seconds[:100]) + 0.002
    assert [one["message_id"] for one in await client.messages(REQUESTS, limit=2)] == [MESSAGES - 1, MESSAGES]
    assert len(await raw.result("getUpdates")) == 100
