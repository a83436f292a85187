"""Reading from the mirror: the last of the places that may have a part's bytes."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import structlog

from storage.errors import OutcomeUnknown, PartDamaged, Unreachable
from storage.mirror.directory import PIECE, StoredFile
from storage.mirror.keeping import Mirror
from storage.mirror.troubles import FileWrong, MirrorTrouble
from storage.tables import Part

log = structlog.get_logger(__name__)

_RETRY = 30.0


class MirrorSource:
    """A `PartSource`. Whether the index knows of a file does not matter, only whether it is there."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """`PartSource.open`. A file that is read whole is checked against its digest before its last bytes are given;
        of a plain file that is read in ranges only the length is known to be right, an encrypted one is checked as it
        is read.
        """
        if part.sha256 is None or part.size is None:
            raise PartDamaged(media_id=part.media_id, part=part.index + 1)
        try:
            file = await self._mirror.run(self._mirror.directory.open, part.sha256, part.size)
        except FileWrong as error:
            await self._mirror.note_wrong(part.sha256, error.problem)
            raise PartDamaged(media_id=part.media_id, part=part.index + 1) from error
        except MirrorTrouble as error:
            raise Unreachable(retry_after=_RETRY, method="mirror") from error
        stack.callback(file.close)
        log.info("part_read_from_mirror", part_id=part.id, offset=offset, length=length)
        whole = offset == 0 and length == part.size
        return self._pieces(file, part.sha256, offset, length, whole=whole)

    async def _pieces(
        self, file: StoredFile, sha256: bytes, offset: int, length: int, *, whole: bool
    ) -> AsyncIterator[bytes]:
        found, stop = hashlib.sha256(), offset + length
        try:
            while offset < stop:
                data = await self._mirror.step(file.read, offset, min(PIECE, stop - offset))
                if not data:
                    raise FileWrong("size")  # noqa: TRY301 -- it became shorter while it was read
                offset += len(data)
                if whole:
                    await self._mirror.step(found.update, data)
                    if offset == stop and found.digest() != sha256:
                        raise FileWrong("digest")  # noqa: TRY301 -- one end for whatever is wrong
                yield data
        except FileWrong as error:
            await self._mirror.note_wrong(sha256, error.problem)
            raise OutcomeUnknown(method="mirror", reason=error.problem) from error
        except MirrorTrouble as error:
            raise OutcomeUnknown(method="mirror", reason=error.trouble.value) from error
