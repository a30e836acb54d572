"""HTML as values: a text that becomes part of a page is escaped, unless it is HTML already."""

from collections.abc import Iterable
from html import escape

from novita_contract.display import visible

#: What parts of a table are, said once more: a narrow window shows them as blocks, which some browsers
#: then no longer take for parts of a table.
_ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}
_SCOPES = {"col": "columnheader", "row": "rowheader", "rowgroup": "rowheader"}
#: Elements that have no end.
_VOID = frozenset({"input", "link", "meta", "wbr"})


class Html(str):
    """A piece of a page, safe to put into another."""

    __slots__ = ()


def tag(name: str, /, *parts: object, **attributes: object) -> Html:
    """An element.

    Args:
        name: of the element.
        parts: what is in it: texts, which are escaped, pieces of HTML, or several of these; None is nothing.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``; True stands alone, None and
            False are left out.
    """
    role = _ROLES.get(name) or (_SCOPES[str(attributes["scope"])] if name == "th" else None)
    attributes = {"role": role} | attributes
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{head}>" if name in _VOID else f"<{name}{head}>{joined(*parts)}</{name}>")


def joined(*parts: object) -> Html:
    """Pieces one after the other, texts among them escaped."""
    return Html("".join(map(_piece, parts)))


def _piece(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part
    if isinstance(part, str):
        return escape(visible(part))
    return joined(*part) if isinstance(part, Iterable) else escape(str(part))


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(visible(str(value)))}"'
