"""The peer: an aiogram bot as its documentation shows it. Copies each photo into a channel and replies; no database.

python -m bench.burst_bare URL TOKEN
"""

import sys

import uvloop
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

from bench.burst_sink import CHANNEL

dispatcher = Dispatcher()


@dispatcher.message(F.photo)
async def keep(message: Message) -> None:
    await message.copy_to(CHANNEL)
    await message.reply("Stored")


async def main(url: str, token: str) -> None:
    async with Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url))) as bot:
        await dispatcher.start_polling(bot, handle_signals=False)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
