"""Whom a message is for is no description of a file."""

from datetime import UTC

import pytest

from bot.media.keeping import Keeper


@pytest.mark.parametrize(
    ("caption", "description"),
    [
        ("@mediagate_bot leak in the roof", "leak in the roof"),
        ("leak @MediagateBot #250926-001", "leak"),
        ("@mediagate_bot", None),
        ("ask @aziza about it", "ask @aziza about it"),
        ("write to help@ourbot.uz", "write to help@ourbot.uz"),
    ],
)
def test_a_bot_that_is_named_is_left_out(caption: str, description: str | None) -> None:
    keeper = Keeper.__new__(Keeper)
    keeper._timezone = UTC
    assert keeper.caption_of(caption).description == description
