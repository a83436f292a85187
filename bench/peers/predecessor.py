"""The way of the service that Mediagate replaces: a form's file copied by aiofiles in 8 KiB pieces, then read whole.

python predecessor.py PORT DIRECTORY TELEGRAM
"""

import os
import sys
from pathlib import Path

import aiofiles
import uvicorn
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BufferedInputFile
from fastapi import FastAPI, UploadFile

PORT, DIRECTORY, TELEGRAM = sys.argv[1:]
CHANNEL = -1001
app = FastAPI()
bot = Bot(f"7000000001:{'A' * 35}", session=AiohttpSession(api=TelegramAPIServer.from_base(TELEGRAM)))


@app.post("/upload", status_code=201)
async def upload(file: UploadFile) -> dict[str, int]:
    path = Path(DIRECTORY) / os.urandom(8).hex()
    async with aiofiles.open(path, "wb") as target:
        while piece := await file.read(8192):
            await target.write(piece)
    async with aiofiles.open(path, "rb") as source:
        data = await source.read()
    path.unlink()
    message = await bot.send_document(CHANNEL, BufferedInputFile(data, file.filename or "file"), request_timeout=600)
    return {"message_id": message.message_id}


uvicorn.run(app, host="127.0.0.1", port=int(PORT), log_level="error")
