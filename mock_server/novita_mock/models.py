"""The catalogue of models: what ``GET /v3/model`` filters and pages through."""

import re
from collections.abc import Mapping
from functools import cache

from novita_mock.files import read_json
from novita_mock.problems import refused
from novita_mock.types import JSON

#: Models on a page where the query names no limit. Assumed: the page names only the range.
DEFAULT_LIMIT = 100
_CURSOR = re.compile(r"c_(\d{1,9})\Z", re.ASCII)


@cache
def all_models() -> tuple[JSON, ...]:
    """Every model of the fixture, in its order."""
    return tuple(read_json("fixtures", "models.json"))


def page(query: Mapping[str, JSON]) -> JSON:
    """The page of models that a query asks for.

    Args:
        query: the checked query, by the documented names.

    Raises:
        Refused: the cursor is none that a page gave.
    """
    cursor = query.get("pagination.cursor") or "c_0"
    match = _CURSOR.match(cursor)
    if not match:
        raise refused("is not a cursor of this list", "pagination.cursor")
    start, limit = int(match[1]), int(query.get("pagination.limit", DEFAULT_LIMIT))
    found = [model for model in all_models() if _matches(model, query)]
    shown = found[start : start + limit]
    more = start + limit < len(found)
    public = [{name: value for name, value in model.items() if not name.startswith("_")} for model in shown]
    return {"models": public, "pagination": {"next_cursor": f"c_{start + limit}" if more else ""}}


def _matches(model: JSON, query: Mapping[str, JSON]) -> bool:
    def wanted(name: str, actual: JSON) -> bool:
        return name not in query or query[name] == actual

    text = query.get("filter.query", "").casefold()
    words = (model["sd_name"], model["name"], *model.get("tags", ()))
    return (
        wanted("filter.visibility", model["_visibility"])
        and wanted("filter.source", model["source"])
        and wanted("filter.types", model["type"]["name"])
        and wanted("filter.is_sdxl", "true" if model["is_sdxl"] else "false")
        and (query.get("filter.is_inpainting") != "true" or model["_is_inpainting"])
        and (not text or any(text in word.casefold() for word in words))
    )
