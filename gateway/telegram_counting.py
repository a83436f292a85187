"""Every call of the Bot API as a number."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods.base import Response, TelegramMethod, TelegramType

from web.metrics import Metrics


class CallCounter(BaseRequestMiddleware):
    """A middleware of the bot's session. What a call does is not touched."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        outcome = "cancelled"
        try:
            answer: Any = await make_request(bot, method)
            outcome = "ok"
        except TelegramRetryAfter:
            outcome = "flood"
            raise
        except TelegramNetworkError:
            outcome = "unreachable"
            raise
        except TelegramServerError:
            outcome = "failed"
            raise
        except TelegramAPIError:
            outcome = "refused"
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._metrics.telegram_called(method.__api_method__, outcome)
        return answer  # type: ignore[no-any-return]  # aiogram's own annotation and its return value differ
