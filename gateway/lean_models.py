"""aiogram, imported without building its models: each is built when it is first used.

aiogram has pydantic build a validator and a serializer for every one of its 350 types and 180 methods when it is
imported: two and a half seconds of processor time and a hundred MiB, for models of which a gateway uses a tenth.
pydantic itself can leave it to the first use (`defer_build`); all that is missing then are the names that aiogram's
modules import for type checkers only, and hand to `model_rebuild` instead.

Whoever imports aiogram without this gets the same models, built at once.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

from pydantic import BaseModel

_NAME = re.compile(r"[A-Za-z]\w*")


def import_aiogram() -> None:
    """To be called before anything else imports aiogram; later, or again, it does nothing."""
    if "aiogram" in sys.modules:
        return
    with _building_later() as asked_for:
        import aiogram.methods  # noqa: F401, PLC0415 -- the point of it all is what is around this import
    for model, names in asked_for.items():
        _supply(model, names)
    _keep_responses()
    _build_what_every_update_needs()


@contextmanager
def _building_later() -> Iterator[dict[type[BaseModel], Mapping[str, Any]]]:
    """Models made meanwhile are built later, those too that are asked to rebuild; yields the names these were given."""
    asked_for: dict[type[BaseModel], Mapping[str, Any]] = {}

    def note(cls: type[BaseModel], *, _types_namespace: Mapping[str, Any]) -> None:
        asked_for[cls] = _types_namespace

    rebuild = BaseModel.__dict__["model_rebuild"]
    BaseModel.model_config["defer_build"] = True
    setattr(BaseModel, "model_rebuild", classmethod(note))  # noqa: B010 -- a method is put back below, not replaced
    try:
        yield asked_for
    finally:
        setattr(BaseModel, "model_rebuild", rebuild)  # noqa: B010 -- see above
        del BaseModel.model_config["defer_build"]


def _supply(model: type[BaseModel], names: Mapping[str, Any]) -> None:
    """Give the model's module what its annotations name; those that it inherits are read there too."""
    module = vars(sys.modules[model.__module__])
    for annotation in chain.from_iterable(vars(one).get("__annotations__", {}).values() for one in model.__mro__):
        for name in _NAME.findall(str(annotation)):
            if name in names:
                module.setdefault(name, names[name])


def _keep_responses() -> None:
    """The type of an answer, `Response[Message]`, is named at each call, and pydantic forgets such a type when nobody
    holds it: without this it is built anew for each call, in some milliseconds.
    """
    from aiogram.methods.base import Response  # noqa: PLC0415 -- see `import_aiogram`

    setattr(Response, "__class_getitem__", cache(Response.__class_getitem__))  # noqa: B010 -- mypy takes no method's place


def _build_what_every_update_needs() -> None:
    """Here, since it takes a tenth of a second: too long for the event loop that gets the first update."""
    from aiogram.types import Message, Update  # noqa: PLC0415 -- see `import_aiogram`

    Message.model_rebuild()
    Update.model_rebuild()
