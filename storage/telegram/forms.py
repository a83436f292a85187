"""multipart/form-data for the Bot API as one payload whose length is known.

aiohttp's own writer sends the body in chunks of unknown number, and each field and each boundary as chunks of its own:
five times the processor time for a short file.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from aiogram import Bot
from aiogram.types import BufferedInputFile, InputFile
from aiohttp import Payload
from aiohttp.abc import AbstractStreamWriter

from storage.ports import OpenStream

_TOGETHER = 256 * 1024
"""Bytes that are copied into one rather than written each by a call of the system."""


class SizedFile(InputFile):
    """``size`` bytes from a factory: each read begins anew, as a retry must."""

    def __init__(self, open_stream: OpenStream, filename: str, size: int) -> None:
        super().__init__(filename=filename)
        self._open_stream = open_stream
        self.size = size

    def pieces(self) -> AsyncIterator[bytes | bytearray]:
        return self._open_stream()

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
        _ = bot
        async for piece in self._open_stream():
            yield bytes(piece)


class Form(Payload):
    """Fields and files; each file is read as the body is written."""

    def __init__(self, fields: Mapping[str, str], files: Mapping[str, SizedFile | BufferedInputFile]) -> None:
        boundary = secrets.token_hex(16)
        super().__init__(None, content_type=f"multipart/form-data; boundary={boundary}")
        text = "".join(f"{_head(boundary, name=name)}\r\n{value}\r\n" for name, value in fields.items())
        self._parts: list[tuple[bytes, SizedFile | BufferedInputFile]] = []
        for name, file in files.items():
            text += _head(boundary, name=name, filename=file.filename or name)
            text += "Content-Type: application/octet-stream\r\n\r\n"
            self._parts.append((text.encode(), file))
            text = "\r\n"
        self._end = f"{text}--{boundary}--\r\n".encode()
        self._size = sum(len(head) + _size(file) for head, file in self._parts) + len(self._end)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Raises OSError where a file is not as long as it was said to be."""
        together = bytearray()
        async for piece in self._pieces():
            if len(together) + len(piece) <= _TOGETHER:
                together += piece
                continue
            if together:
                await writer.write(bytes(together))
                together.clear()
            await writer.write(piece)
        if together:
            await writer.write(bytes(together))

    async def _pieces(self) -> AsyncIterator[bytes | bytearray]:
        for head, file in self._parts:
            yield head
            if isinstance(file, BufferedInputFile):
                yield file.data
                continue
            left = file.size
            async for piece in file.pieces():
                left -= len(piece)
                if left < 0:
                    break
                yield piece
            if left:
                raise OSError(f"{file.filename} does not have {file.size} bytes any more")
        yield self._end

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 -- aiohttp names them
        raise TypeError("a form is written, not shown")


def sized(files: Mapping[str, InputFile]) -> Mapping[str, SizedFile | BufferedInputFile] | None:
    """The files where the length of each is known; None where it is not."""
    known = {name: file for name, file in files.items() if isinstance(file, SizedFile | BufferedInputFile)}
    return known if len(known) == len(files) else None


def _size(file: SizedFile | BufferedInputFile) -> int:
    return file.size if isinstance(file, SizedFile) else len(file.data)


def _head(boundary: str, **parameters: str) -> str:
    """As browsers write it: names as they are, but for what would end them."""
    named = "".join(f'; {key}="{_quoted(value)}"' for key, value in parameters.items())
    return f"--{boundary}\r\nContent-Disposition: form-data{named}\r\n"


def _quoted(value: str) -> str:
    """Quotes and backslashes are escaped as aiohttp does it; a line end cannot be in a name."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
