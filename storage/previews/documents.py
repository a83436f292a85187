"""PDFs, in a worker: the first page by PDFium, which is built without JavaScript and XFA."""

from typing import TYPE_CHECKING

from storage.previews.values import UnusableImage

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_MOST_SCALE = 8.0
"""Times 72 dpi: a page of the size of a stamp is not blown up further."""


def first_page(path: str, side: int) -> "Picture":
    """The first page on white, its longest side ``side`` pixels. Pages after it are not looked at, however many."""
    import pypdfium2  # noqa: PLC0415 - only workers load it

    document = pypdfium2.PdfDocument(path)
    try:
        if not len(document):
            raise UnusableImage("it has no page")
        page = document[0]
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise UnusableImage("its page has no size")
        bitmap = page.render(scale=min(side / max(width, height), _MOST_SCALE), may_draw_forms=False)
        picture: Picture = bitmap.to_pil().convert("RGB")
        return picture
    finally:
        document.close()
