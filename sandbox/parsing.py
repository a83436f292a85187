"""Text and parse mode to text and entities."""

from sandbox import parse_html, parse_markdown
from sandbox.entities import EntityParseError, found_in, trimmed
from sandbox.errors import bad_request
from sandbox.model import Json


def formatted(text: str, mode: str, explicit: list[Json] | None) -> tuple[str, list[Json]]:
    """Plain text and entities, those that Telegram finds by itself included."""
    try:
        match mode.lower():
            case "":
                plain, entities = text, [dict(one) for one in explicit or []]
            case "html":
                plain, entities = parse_html.parse(text)
            case "markdownv2":
                plain, entities = parse_markdown.parse_v2(text)
            case "markdown":
                plain, entities = parse_markdown.parse_v1(text)
            case _:
                raise bad_request("unsupported parse_mode")
    except EntityParseError as error:
        raise bad_request(f"can't parse entities: {error}") from error
    plain, entities = trimmed(plain, entities)
    return plain, found_in(plain, entities)
