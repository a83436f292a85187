"""Everything that only admins can do. For all others it is as if none of it were there."""

from aiogram import F, Router

from bot.admin.tools import IsAdmin
from bot.routers.admin_blocking import admin_blocking_router
from bot.routers.admin_channels import admin_channels_router
from bot.routers.admin_keys import admin_keys_router
from bot.routers.admin_people import admin_people_router
from bot.routers.admin_setup import admin_setup_router
from bot.routers.admin_status import admin_status_router
from bot.saying import PRIVATE


def admin_router() -> Router:
    """People and blocking work in groups too, as replies; the rest is for private chats."""
    router = Router(name="admin")
    router.message.filter(IsAdmin())
    router.callback_query.filter(IsAdmin())
    alone = [admin_setup_router(), admin_channels_router(), admin_keys_router(), admin_status_router()]
    for one in alone:
        one.message.filter(F.chat.type == PRIVATE)
    router.include_routers(*alone, admin_people_router(), admin_blocking_router())
    return router
