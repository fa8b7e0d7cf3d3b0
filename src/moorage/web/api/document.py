"""The OpenAPI document: FastAPI's own, with the byte routes added by hand."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

_ITEM: Final[dict[str, Any]] = {
    "name": "item",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": r"^\d{1,16}$"},
}
_SIGNED: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "schema": {"type": "string"}, "description": "Of a signed URL."}
    for name in ("expires", "kid", "signature")
]
_RECIPE: Final[list[dict[str, Any]]] = [
    {"name": "width", "in": "query", "schema": {"type": "integer", "minimum": 1}, "example": 512},
    {"name": "height", "in": "query", "schema": {"type": "integer", "minimum": 1}, "example": 512},
    {"name": "fit", "in": "query", "schema": {"enum": ["inside", "cover"], "default": "inside"}},
    {"name": "format", "in": "query", "schema": {"enum": ["webp", "jpeg", "png"], "default": "webp"}},
]
_DISPOSITION: Final[list[dict[str, Any]]] = [
    {"name": "disposition", "in": "query", "schema": {"enum": ["inline", "attachment"]}}
]
_BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_PROBLEM: Final[dict[str, Any]] = {
    "description": "A problem document.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document; made once for each application."""
    known = app.openapi()
    if "/api/v1/items/{item}/content" not in known["paths"]:
        known["paths"] |= _byte_routes()
        known.setdefault("components", {})["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "moorage_session"},
        }
        known["security"] = [{"token": []}, {"session": []}]
    return known


def _byte_routes() -> dict[str, Any]:
    content = {
        "200": {"description": "All bytes.", "content": {"*/*": _BYTES}},
        "206": {"description": "The ranges asked for.", "content": {"*/*": _BYTES}},
        "304": {"description": "Not modified."},
        "412": {"description": "A precondition failed."},
        "416": _PROBLEM,
        "404": _PROBLEM,
        "503": _PROBLEM,
    }
    image = {
        "200": {"description": "The image.", "content": {"image/*": _BYTES}},
        "304": {"description": "Not modified."},
        "422": _PROBLEM,
        "404": _PROBLEM,
        "503": _PROBLEM,
    }
    return {
        "/api/v1/items/{item}/content": _both(
            "The bytes of an item; ranges and conditions of RFC 9110.", _DISPOSITION, content
        ),
        "/api/v1/items/{item}/preview": _both("A small image of an item.", _RECIPE, image),
        "/api/v1/items/{item}/poster": _both("A frame of a video.", _RECIPE, image),
    }


def _both(summary: str, query: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
    one = {"tags": ["bytes"], "summary": summary, "parameters": [_ITEM, *query, *_SIGNED], "responses": answers}
    return {"get": one, "head": one | {"summary": f"{summary} Headers only."}}
