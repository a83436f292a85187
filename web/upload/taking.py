"""One file from a stream of chunks into the spool, and on to its acknowledgement."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from storage.details import Details
from storage.intake.progress import Progress
from storage.intake.receiving import Received
from storage.intake.taking_in import Accepted, Arrival, Intake, UploadSession

OnBegin = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A file whose last byte is in, but which is not acknowledged yet."""

    session: UploadSession
    received: Received

    async def accept(self, details: Details) -> Accepted:
        return await self.session.accept(self.received, details)


@asynccontextmanager
async def taking(
    intake: Intake, arrival: Arrival, chunks: AsyncIterable[bytes], *, sha256: bytes | None, on_begin: OnBegin
) -> AsyncIterator[Taken]:
    """Receive a file; leaving the context without `Taken.accept` drops it. Raises what `Intake` raises."""
    async with intake.begin(arrival) as session:
        on_begin(session.progress)
        async for chunk in chunks:
            await session.write(chunk)
        yield Taken(session=session, received=await session.finish(sha256=sha256))
