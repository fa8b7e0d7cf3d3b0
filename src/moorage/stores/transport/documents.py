"""Small XML documents of stores, read without their namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree


class Element:
    """An element by the local names of its children."""

    def __init__(self, element: etree._Element) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """Its local name."""
        return str(self._element.tag).rpartition("}")[2]

    @property
    def text(self) -> str:
        """Its text without blanks around."""
        return (self._element.text or "").strip()

    def all(self, name: str) -> Iterator[Element]:
        """Its children of that name."""
        for child in self._element:
            if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
                yield Element(child)

    def one(self, name: str) -> Element | None:
        """The first of them."""
        return next(self.all(name), None)

    def said(self, name: str) -> str:
        """The text of the first of them; empty where there is none."""
        found = self.one(name)
        return found.text if found else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of all of them, without empty ones."""
        return tuple(child.text for child in self.all(name) if child.text)


def document(content: bytes, root: str) -> Element | None:
    """The document whose root has that name; None for anything else, and for one that declares entities."""
    if b"<!" in content:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        element = etree.fromstring(content.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    found = Element(element)
    return found if found.name == root else None
