"""Avatars: what is asked for and what is answered."""

from typing import Literal

from pydantic import Field

from web.schemas.common import Given, Shown

Side = Literal[64, 128, 256, 512]


class AvatarQuery(Given):
    size: Literal["64", "128", "256", "512"] = Field("256", description="Pixels of a side")


class AvatarForm(Given):
    """The form, where the body is not the image itself."""

    file: bytes = Field(description="The image")


class AvatarShown(Shown):
    """The avatar as it is now. A URL never shows another picture, so it may be kept for ever."""

    user_id: str
    version: int = Field(description="Grows with every change")
    digest: str
    urls: dict[str, str] = Field(
        description="By size, without credentials", examples=[{"64": "/api/v1/avatars/9f86…/64"}]
    )
    media_id: int = Field(description="What is archived of it")
