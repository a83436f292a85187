"""Sizes as people read them."""

from bot.texts import Texts

_STEPS = (("gigabytes", 1 << 30), ("megabytes", 1 << 20), ("kilobytes", 1 << 10))


def size_text(texts: Texts, size: int) -> str:
    """``48 KB``, ``1.5 MB``: at most three digits that matter. ``size`` is in bytes; plain text."""
    for unit, step in _STEPS:
        # 1023.6 KB would be shown as 1024 KB: the next unit begins where rounding would reach it.
        if size >= step - step / 2048:
            amount = size / step
            shown = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"  # noqa: PLR2004 -- 10 after rounding
            return texts.plain(f"size-{unit}", size=shown.replace(".", _POINT.get(texts.language, ".")))
    return texts.plain("size-bytes", size=str(size))


_POINT = {"ru": ",", "uz": ","}
