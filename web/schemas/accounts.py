"""The Telegram account of a person."""

from datetime import datetime

from pydantic import Field

from web.schemas.common import Shown


class LinkCode(Shown):
    """What proves the account: opened in the bot within a quarter of an hour, once."""

    code: str = Field(examples=["u_3Jx0…"])
    url: str = Field(description="Opens the bot with the code", examples=["https://t.me/a_bot?start=u_3Jx0…"])
    expires_at: datetime


class AccountShown(Shown):
    """The account that is linked."""

    telegram_id: int
    linked_at: datetime
