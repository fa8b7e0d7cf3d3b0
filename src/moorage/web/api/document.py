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
_STORE: Final[dict[str, Any]] = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_KEY: Final[list[dict[str, Any]]] = [
    {"name": "key", "in": "query", "required": True, "schema": {"type": "string"}, "example": "2021/frame_0001.jpg"},
    {
        "name": "key_encoding",
        "in": "query",
        "schema": {"enum": ["escaped"]},
        "description": "Where the key is escaped.",
    },
]
_SIGNED: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "schema": {"type": "string"}, "description": "Of a signed URL."}
    for name in ("expires", "kid", "signature")
]
_RECIPE: Final[list[dict[str, Any]]] = [
    {"name": "width", "in": "query", "schema": {"type": "integer", "minimum": 1}, "example": 512},
    {"name": "height", "in": "query", "schema": {"type": "integer", "minimum": 1}, "example": 512},
    {"name": "fit", "in": "query", "schema": {"enum": ["inside", "down", "cover"], "default": "inside"}},
    {
        "name": "format",
        "in": "query",
        "schema": {"enum": ["auto", "webp", "avif", "jpeg", "png"], "default": "auto"},
        "description": "auto: what the Accept header likes best; for a signed URL, webp.",
    },
    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "default": 1}},
    {
        "name": "window",
        "in": "query",
        "schema": {"type": "string"},
        "description": "The stored values that are shown black and white.",
        "example": "1000,3000",
    },
]
_VIA: Final[list[dict[str, Any]]] = [
    {
        "name": "via",
        "in": "query",
        "schema": {"enum": ["server"]},
        "description": "The bytes come from here, also where the store is served by redirect.",
    },
]
_DISPOSITION: Final[list[dict[str, Any]]] = [
    {"name": "disposition", "in": "query", "schema": {"enum": ["inline", "attachment"]}}
]
_FOLDER: Final[dict[str, Any]] = _ITEM | {"name": "folder"}
_IDENTIFIER: Final[dict[str, Any]] = {
    "name": "item",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": r"^\d{1,16}(~\d{1,12}~[0-9a-f]{1,16}~[\w-]{1,100})?$"},
    "description": "An id, or an id with expiry, key id and signature: see POST /items/{item}/url, variant iiif.",
}
_AT: Final[dict[str, Any]] = {
    "name": "at",
    "in": "query",
    "schema": {"type": "integer", "minimum": 0},
    "description": "The index of the item with which a part of a large folder begins.",
}
_NAMED: Final[list[dict[str, Any]]] = [
    {"name": "name", "in": "query", "required": True, "schema": {"type": "string"}, "example": "frame_0001.jpg"},
    {
        "name": "if_exists",
        "in": "query",
        "schema": {"enum": ["refuse", "replace", "both"], "default": "refuse"},
        "description": "What to do where an item has that name; both: call the new one 'frame_0001 (2).jpg'.",
    },
    {"name": "key_encoding", "in": "query", "schema": {"enum": ["escaped"]}, "description": "The name is escaped."},
]
_BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_PROBLEM: Final[dict[str, Any]] = {
    "description": "A problem document.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


_SENT_ON: Final[dict[str, Any]] = {"307": {"description": "The store is served by redirect: its address of the bytes."}}


def describe(app: FastAPI, *, cookie: str) -> dict[str, Any]:
    """The document; made once for each application."""
    known = app.openapi()
    if "/api/v1/items/{item}/content" not in known["paths"]:
        known["paths"] |= _byte_routes()
        known.setdefault("components", {})["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": cookie},
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
            "The bytes of an item; ranges and conditions of RFC 9110.",
            [_ITEM, *_DISPOSITION, *_VIA, *_SIGNED],
            content | _SENT_ON,
        ),
        "/api/v1/items/{item}/preview": _both("A small image of an item.", [_ITEM, *_RECIPE, *_SIGNED], image),
        "/api/v1/items/{item}/poster": _both("A frame of a video.", [_ITEM, *_RECIPE, *_SIGNED], image),
        "/api/v1/stores/{name}/content": _both(
            "The bytes of an object of a store; ranges and conditions of RFC 9110.",
            [_STORE, *_KEY, *_DISPOSITION],
            content,
        ),
        "/api/v1/folders/{folder}/items": {"put": _upload()},
        "/api/v1/authorized": _authorized(),
        **_iiif_routes(),
    }


def _authorized() -> dict[str, Any]:
    headers = {
        "X-Answer-Name": "What to keep the answer under. It stands for one version.",
        "X-Answer-Tag": "The ETag that the answer has to have, or it is not to be kept under this name.",
    }
    original: dict[str, Any] = {
        "name": "X-Original-URI",
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": "Path and query that the proxy was asked for, as they came.",
        "example": "/api/v1/items/1/preview?width=256",
    }
    told = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    return _both(
        "For a proxy that keeps answers: may this request be answered, and what is its answer called?",
        [original],
        {"204": {"description": "It may.", "headers": told}, "403": _PROBLEM | {"description": "Pass it on."}},
    )


def _iiif_routes() -> dict[str, Any]:
    document = {
        "200": {"description": "The document.", "content": {"application/ld+json": {}, "application/json": {}}},
        "304": {"description": "Not modified."},
        **dict.fromkeys(("401", "403", "404", "422", "503"), _PROBLEM),
    }
    image = {
        "200": {"description": "The image.", "content": {"image/*": _BYTES}},
        "304": {"description": "Not modified."},
        **dict.fromkeys(("400", "401", "403", "404", "422", "501", "503"), _PROBLEM),
    }
    moved = {"303": {"description": "To its info.json."}, "404": _PROBLEM}
    parts = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": example}
        for name, example in (
            ("region", "0,0,512,512"), ("size", "256,"), ("rotation", "0"), ("quality", "default"), ("format", "jpg"),
        )
    ]  # fmt: skip
    one = "{item}/{region}/{size}/{rotation}/{quality}.{format}"
    routes = {}
    for version in (2, 3):
        base = f"/iiif/{version}"
        summary = f"A part of an image, by version {version} of the IIIF Image API, level 2."
        routes[f"{base}/{{item}}"] = _both("The address of an image for IIIF viewers.", [_IDENTIFIER], moved)
        routes[f"{base}/{{item}}/info.json"] = _both("What an image is and can be asked for.", [_IDENTIFIER], document)
        routes[f"{base}/{one}"] = _both(summary, [_IDENTIFIER, *parts], image)
    of_folder = [_IDENTIFIER | {"name": "folder"}, _AT]
    manifests = {
        "items/{item}": _both("The IIIF manifest of an image or video.", [_IDENTIFIER], document),
        "folders/{folder}": _both("The IIIF manifest of a folder, or a collection of them.", of_folder, document),
    }
    return routes | {f"/iiif/presentation/3/{one}/manifest.json": route for one, route in manifests.items()}


def _upload() -> dict[str, Any]:
    item = {"application/json": {"schema": {"$ref": "#/components/schemas/ItemShape"}}}
    return {
        "tags": ["bytes"],
        "summary": "Put a file into a folder: the body is the file, at most 5 GiB.",
        "description": "Nothing is visible before its bytes are safe in the store. In a folder of a mirror the object "
        "is written where the folder shows it, if its store is writable; else to the project's own storage.",
        "parameters": [_FOLDER, *_NAMED],
        "requestBody": {"required": True, "content": {"*/*": _BYTES}},
        "responses": {
            "200": {"description": "An item of that name was replaced; it keeps its id.", "content": item},
            "201": {"description": "The new item.", "content": item},
            **dict.fromkeys(("400", "403", "404", "409", "413", "422", "503"), _PROBLEM),
        },
    }


def _both(summary: str, parameters: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
    one = {"tags": ["bytes"], "summary": summary, "parameters": parameters, "responses": answers}
    return {"get": one, "head": one | {"summary": f"{summary} Headers only."}}
