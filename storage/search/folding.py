"""One form for what people write in several ways: the same function for what is indexed and what is asked.

`fold` works character by character (after Unicode's composition), so a piece of a word folds to a piece of the
folded word. `latin` brings Cyrillic to the letters that Uzbek writes in Latin, so that ``сув`` is found by ``suv``.
"""

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "'`´ʻʼʹʽˈ‘’‛′ꞌ＇\u02bf\u02be"))
_KEPT_MARKS = frozenset("йўїѓќ")
"""Cyrillic letters of their own, which Unicode can also spell as a letter and a mark. ``ё`` is not: it is ``е``."""

_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяўқғҳіїєґ"
_UZBEK = "a b v g d e j z i y k l m n o p r s t u f x ts ch sh sh - i - e yu ya o q g h i i e g"
_LATIN = str.maketrans({one: other.strip("-") for one, other in zip(_CYRILLIC, _UZBEK.split(" "), strict=True)})
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"(?<![^\W_])r?([0-9]+(?:[-_./][0-9]+)+)(?![^\W_])")
"""Digits that belong together: request numbers, also as hashtags, and dates."""

_MOST_ROUNDS = 8


def fold(text: str) -> str:
    """Lower case without accents, apostrophes and compatibility forms; ``ё`` becomes ``е``. Idempotent."""
    return _folded(text).replace("ё", "е")


def words(text: str) -> list[str]:
    """The words of ``text`` as `fold` has them: runs of letters and digits, in order, each once."""
    return [word.replace("ё", "е") for word in spelt_words(text)]


def spelt_words(text: str) -> list[str]:
    """The same with ``ё`` left as it is, for `latin_forms`."""
    return list(dict.fromkeys(_WORD.findall(_folded(text))))


def latin(word: str) -> str:
    """A folded word in Latin letters, Uzbek's. What is neither Cyrillic nor Latin stays."""
    return word.replace("ё", "е").translate(_LATIN).replace("ye", "e")


def latin_forms(text: str) -> list[str]:
    """The Latin forms of the words of ``text``. A word with ``ё`` has two: Russian's ``e`` and Uzbek's ``yo``."""
    folded = _folded(text)
    spellings = (folded.replace("ё", "е"), folded.replace("ё", "йо"))
    return list(dict.fromkeys(latin(word) for spelling in spellings for word in _WORD.findall(spelling)))


def compounds(text: str) -> tuple[list[list[str]], str]:
    """Digits joined by ``-``, ``_``, ``.`` or ``/`` as lists of their pieces, and the rest of the text."""
    folded = _folded(text)
    found = [re.findall("[0-9]+", match[1]) for match in _COMPOUND.finditer(folded)]
    return found, _COMPOUND.sub(" ", folded)


def _folded(text: str) -> str:
    """`fold` but for ``ё``. Case folding and composition bring each other new work, rarely more than once."""
    for _ in range(_MOST_ROUNDS):
        again = _one_round(text)
        if again == text:
            break
        text = again
    return text


def _one_round(text: str) -> str:
    # Apostrophes go first: to Unicode some of them are a space with an accent.
    composed = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold().translate(_APOSTROPHES)
    return "".join(map(_bare, unicodedata.normalize("NFKC", composed)))


def _bare(char: str) -> str:
    if char in _KEPT_MARKS or char == "ё" or char.isascii():
        return char
    return "".join(piece for piece in unicodedata.normalize("NFD", char) if not unicodedata.combining(piece))
