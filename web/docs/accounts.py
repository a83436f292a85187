"""Linking a person's Telegram account."""

from storage import errors
from web.openapi.doc import Answer, Doc
from web.schemas.accounts import AccountShown, LinkCode

_TAGS = ("users",)
_WHO = "For the bearer of a person's token; services and keys have no account to link."

OFFER = Doc(
    summary="Begin to link your Telegram account",
    tags=_TAGS,
    description=(
        f"{_WHO} Whoever opens the link in Telegram and confirms it proves the account. From then on what is yours in "
        "the chat is yours by token too, and so are your rights, until one of the two sides ends it: `/unlink` in the "
        "bot, or `DELETE`. A new link ends the former one."
    ),
    answers={201: LinkCode},
    errors=(errors.Refused,),
)
SHOW = Doc(
    summary="The Telegram account that is linked",
    tags=_TAGS,
    description=_WHO,
    answers={200: AccountShown},
    errors=(errors.Refused, errors.AccountNotLinked),
)
END = Doc(
    summary="Unlink your Telegram account",
    tags=_TAGS,
    description=f"{_WHO} It takes effect with the next call; again is no change.",
    answers={204: Answer(description="No account is linked")},
    errors=(errors.Refused,),
)
