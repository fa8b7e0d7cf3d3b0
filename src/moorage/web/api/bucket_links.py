"""``/projects/{project}/bucket-links`` and ``/bucket-links/connect``: a bucket connected by who has no account."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from moorage.edge.face import Face
from moorage.edge.problems import report_of
from moorage.edge.times import iso
from moorage.model.inviting import BucketLink, BucketLinkId
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import whole_id
from moorage.web.api.bucket_bodies import BucketLinkBody, OfferBody
from moorage.web.api.render import Json, keys
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes.bucket_links import BucketLinkList, ConnectedShape, MadeBucketLink
from moorage.web.api.shapes.parts import Problem

router = APIRouter(route_class=OnceRoute, prefix="/projects", tags=["stores"])
open_to_all = APIRouter(prefix="/bucket-links", tags=["stores"])


@router.post("/{project}/bucket-links", status_code=201, responses={201: {"model": MadeBucketLink}})
async def make(uses: Uses, asker: Asker, project: str, body: BucketLinkBody) -> Response:
    """Make a link by which its holder connects one bucket to the project, once. Its address is shown now only."""
    made = await uses.inviting.make(
        asker,
        project,
        folder=body.key(body.folder),
        provider=body.provider,
        note=body.note,
        lives=timedelta(seconds=body.expires_in),
    )
    return answer(shown_link(uses, made.link) | {"url": f"{uses.public_url}/connect/{made.text}"}, 201)


@router.get("/{project}/bucket-links", responses={200: {"model": BucketLinkList}})
async def links(uses: Uses, asker: Asker, project: str) -> Response:
    """The links of a project, the last one first, without their secrets."""
    found = await uses.inviting.all(asker, project)
    return answer({"links": [shown_link(uses, one) for one in found], "next": None})


@router.delete("/{project}/bucket-links/{id}", status_code=204)
async def revoke(uses: Uses, asker: Asker, project: str, id: str) -> Response:
    """Take a link back. What was connected by it stays."""
    await uses.inviting.revoke(asker, project, BucketLinkId(whole_id(id)))
    return Response(status_code=204)


@open_to_all.post(
    "/connect",
    status_code=201,
    responses={201: {"model": ConnectedShape}, 409: {"model": Problem}, 422: {"model": Problem}},
)
async def connect(uses: Uses, body: OfferBody) -> Response:
    """Connect a bucket by a link; it takes no account. The link is used up only when the bucket is shown."""
    text = body.link.get_secret_value()
    await uses.offering.look(text)  # nothing is worked out for who has no link
    made = await uses.offering.connect(text, await body.offer())
    shown = {"store": made.store.name, "project": made.project.name, "check": report_of(made.report)}
    return answer(shown | {"note": made.note}, 201)


def shown_link(uses: Face, of: BucketLink) -> Json:
    """A link without its secret."""
    shown: Json = {
        "id": str(of.id),
        "project": str(of.project),
        "folder": of.folder,
        "provider": of.provider,
        "note": of.note,
        "state": of.state(uses.now_ms()).value,
        "tries": of.tries,
        "made_by": of.email,
        "created": iso(of.created_ms),
        "expires": iso(of.expires_ms),
        "used": iso(of.used_ms),
        "revoked": iso(of.revoked_ms),
        "store": of.store,
    }
    return keys(shown, "folder")
