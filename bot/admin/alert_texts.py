"""Alerts in words: when they begin, when they end, and as a line of `/status`."""

from collections.abc import Callable
from datetime import datetime

from bot.admin.channels import cut, offer_page, problems_text
from bot.admin.tools import AdminTools
from bot.media.pages import Page
from bot.texts import Texts, Value
from storage.auditing.alerts import AlertView

OFFER = "offer"
"""An event with buttons: the bot was let into a channel that serves nothing yet."""

_LONGEST_VALUE = 120

Moment = Callable[[datetime], str]


def alert_page(texts: Texts, alert: AlertView, moment: Moment) -> Page:
    """What to say about an alert now: that it began, or that it is over too."""
    if alert.kind == OFFER:
        return offer_page(texts, int(alert.fields["chat"]), str(alert.fields["title"]))
    values = _values(alert, moment)
    text = texts(f"alert-{alert.kind}", **values)
    if "problems" in alert.fields:
        text = f"{text}\n{problems_text(texts, str(alert.fields['problems']).split(','))}"
    if alert.ended_at is not None and not alert.event:
        text = f"{texts(f'alert-{alert.kind}-over', **values)}\n\n{text}"
    return Page(text=text, keyboard=None)


def alert_line(texts: Texts, admin: AdminTools, alert: AlertView, now: datetime) -> str:
    """An open alert on a list: its first line, and since when."""
    first = texts.plain(f"alert-{alert.kind}", **_values(alert, admin.moment)).split("\n", 1)[0]
    minutes = max(0, round((now - alert.opened_at).total_seconds() / 60))
    return texts("status-alert", text=_without_markup(first), minutes=minutes)


def _values(alert: AlertView, moment: Moment) -> dict[str, Value]:
    values: dict[str, Value] = {name: _shown(name, value, moment) for name, value in alert.fields.items()}
    until = alert.ended_at or alert.opened_at
    values |= {"since": moment(alert.opened_at), "until": moment(until)}
    values["minutes"] = max(1, round((until - alert.opened_at).total_seconds() / 60))
    return values


def _shown(name: str, value: str | int, moment: Moment) -> Value:
    if isinstance(value, int):
        return value
    return moment(datetime.fromisoformat(value)) if name.startswith("at_") else cut(value, _LONGEST_VALUE)


def _without_markup(text: str) -> str:
    for tag in ("<b>", "</b>", "<code>", "</code>"):
        text = text.replace(tag, "")
    return text
