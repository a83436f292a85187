"""A local Telegram: the Bot API over HTTP, a control API to be the people in it, and a chat page.

It stands alone and follows TELEGRAM.md; where the real server's behaviour is not known, the code says so.
"""
