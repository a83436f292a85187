"""aiogram's models, which are built when they are first used."""

from typing import Any

import pytest
from aiogram import methods, types
from aiogram.methods.base import Response
from pydantic import BaseModel


def _models(module: Any) -> list[type[BaseModel]]:
    named = [vars(module)[name] for name in module.__all__]
    return [one for one in named if isinstance(one, type) and issubclass(one, BaseModel)]


@pytest.mark.parametrize("module", [types, methods])
def test_every_model_can_be_built(module: Any) -> None:
    """None lacks a name that its annotations use; each is built by this at the latest."""
    models = _models(module)
    assert len(models) > 150
    for model in models:
        model.model_rebuild()  # raises where a name is missing
        assert model.__pydantic_complete__


def test_the_type_of_an_answer_is_made_once() -> None:
    assert Response[types.Message] is Response[types.Message]
    first = id(Response[types.MenuButtonWebApp])
    assert id(Response[types.MenuButtonWebApp]) == first
