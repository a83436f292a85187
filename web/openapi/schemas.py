"""JSON schemas of everything the document speaks of, made in one go so that equal models become one component."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

Mode = Literal["validation", "serialization"]
REF = "#/components/schemas/"


class _Plain(GenerateJsonSchema):
    """Without the titles that pydantic makes of field names: they say nothing new."""

    def field_title_should_be_set(self, _schema: core_schema.CoreSchema | Any) -> bool:
        return False


class Schemas:
    """Schemas by type and mode. ``components`` holds the named ones."""

    def __init__(self, wanted: Iterable[tuple[Any, Mode]]) -> None:
        adapters: list[tuple[str, Mode, TypeAdapter[Any]]] = []
        self._keys: dict[str, str] = {}
        for kind, mode in wanted:
            key = _key(kind, mode)
            if key not in self._keys:
                self._keys[key] = str(len(adapters))
                adapters.append((self._keys[key], mode, TypeAdapter(kind)))
        self._made, definitions = TypeAdapter.json_schemas(
            adapters, ref_template=f"{REF}{{model}}", schema_generator=_Plain
        )
        self.components: dict[str, dict[str, Any]] = definitions.get("$defs", {})

    def of(self, kind: Any, mode: Mode) -> dict[str, Any]:
        """The schema of a type that was ``wanted`` in this mode, mostly a reference."""
        return self._made[self._keys[_key(kind, mode)], mode]

    def fields(self, kind: Any, mode: Mode) -> tuple[dict[str, Any], frozenset[str]]:
        """The properties of a model, and those of them that are required."""
        schema = self.of(kind, mode)
        schema = self.components[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
        return schema.get("properties", {}), frozenset(schema.get("required", ()))

    def has_format(self, model: Any, name: str) -> bool:
        """Whether a field of a model that comes in, or of a list of it, has the format ``name``."""
        return model is not None and f"'format': '{name}'" in repr(self.fields(model, "validation")[0])


def used(document: Any) -> set[str]:
    """The names of the components that ``document`` refers to."""
    if isinstance(document, dict):
        here = {document["$ref"].removeprefix(REF)} if isinstance(document.get("$ref"), str) else set()
        return here.union(*map(used, document.values()))
    return set().union(*map(used, document)) if isinstance(document, list) else set()


def _key(kind: Any, mode: Mode) -> str:
    return f"{mode} {kind!r}"
