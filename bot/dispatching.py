"""What every update passes on its way, and the routers in the order in which they are asked."""

from aiogram import Bot, Dispatcher

from bot.admin.room import AdminRoom
from bot.admission import Admission
from bot.config import BotConfig
from bot.limiting import Limiting, Patience
from bot.middlewares import ActionsShown, ErrorsTold, PressesAnswered, Summary
from bot.phones import Phones
from bot.routers.admin import admin_router
from bot.routers.arrivals import arrivals_router
from bot.routers.attaching import attaching_router
from bot.routers.avatars import avatars_router
from bot.routers.basics import basics_router, fallback_router
from bot.routers.deleting import deleting_router, privacy_router
from bot.routers.files import files_router
from bot.routers.linking import linking_router
from bot.routers.links import links_router
from bot.routers.media import media_router
from bot.routers.request_view import request_view_router
from bot.routers.words import card_buttons_router, words_router
from bot.staff.desk import StaffDesk
from bot.texts import Catalogue
from storage.callers.people import People


def furnish(
    dispatcher: Dispatcher,
    *,
    bot: Bot,
    people: People,
    catalogue: Catalogue,
    admins: AdminRoom,
    desk: StaffDesk,
    phones: Phones,
    config: BotConfig,
) -> None:
    """Give the dispatcher its middlewares and routers."""
    dispatcher.update.outer_middleware(Summary())
    dispatcher.update.outer_middleware(admins.channel_news)
    dispatcher.update.outer_middleware(desk.news)
    dispatcher.update.outer_middleware(
        Admission(
            people=people,
            catalogue=catalogue,
            access=config.access,
            invitations=admins.invitations,
            phones=phones,
            bot=bot,
        )
    )
    dispatcher.update.outer_middleware(Limiting(Patience(config.person_rate), bot))
    dispatcher.callback_query.outer_middleware(PressesAnswered())
    for observer in (dispatcher.message, dispatcher.edited_message, dispatcher.callback_query):
        observer.outer_middleware(ErrorsTold())
        observer.middleware(ActionsShown())
    dispatcher.workflow_data.update(desk.data)
    dispatcher.include_routers(
        *desk.routers(),
        arrivals_router(),
        admin_router(),
        media_router(),
        card_buttons_router(),
        links_router(),
        linking_router(),
        avatars_router(),
        files_router(),
        deleting_router(),
        privacy_router(),
        request_view_router(),
        attaching_router(),
        basics_router(),
        words_router(),
        fallback_router(),
    )
