"""getFile."""

import asyncio
from typing import Final

from sandbox import fileids
from sandbox.call import Call, Method
from sandbox.errors import WRONG_REMOTE, ApiError, bad_request
from sandbox.model import Json


async def get_file(call: Call) -> Json:
    """A garbled id is "invalid file_id"; one of another bot a wrong remote file identifier (TELEGRAM.md)."""
    file_id = call.arguments.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    try:
        _, number = fileids.decode(call.bot, file_id)
    except ApiError as error:
        if WRONG_REMOTE + "can't" in error.description:
            raise
        raise bad_request("invalid file_id") from error
    file = call.world.state.numbers.get(number)
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    most = call.world.options.max_download
    if most is not None and file.size > most:
        raise bad_request("file is too big")
    shown = call.world.renderer.file(call.bot, file)
    if call.world.options.local:
        place = call.world.store.place_locally
        path = await asyncio.get_running_loop().run_in_executor(call.world.store.pool, place, call.bot, file)
        return {**shown, "file_path": str(path)}
    relative = call.world.store.relative_path(file)
    expires = call.world.clock.now() + call.world.options.path_lifetime
    call.world.state.save_grant(f"{call.bot.id}/{relative}", {"file": file.uid, "expires": expires})
    return {**shown, "file_path": relative}


METHODS: Final[dict[str, Method]] = {"getFile": get_file}
