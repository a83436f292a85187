"""How previews are asked for."""

from typing import Annotated

from pydantic import Field

from storage.previews.serving import LEAST_SIDE, MOST_SIDE, USUAL_SIDE
from web.schemas.common import Given


class PreviewQuery(Given):
    """Which preview."""

    size: Annotated[int, Field(ge=LEAST_SIDE, le=MOST_SIDE)] = Field(
        USUAL_SIDE, description="The longest side in pixels; smaller pictures stay as they are"
    )
