"""Which page answers at which address."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from moorage.web.pages import browse, caches, connecting, entering, links, policies, working

ROUTES: Final = [
    Route("/", browse.start),
    Route("/show", browse.show),
    Route("/projects/{project}", browse.project),
    Route("/projects/{project}/links", links.links),
    Route("/projects/{project}/stores", connecting.project_stores),
    Route("/connect/{token}", connecting.connect_page),
    Route("/imports/{id}", links.link_import),
    Route("/folders/{folder}", browse.folder),
    Route("/items/{item}", browse.item),
    Route("/stores", working.stores),
    Route("/stores/new", working.store_add),
    Route("/stores/{name}", working.store),
    Route("/stores/{name}/policy", policies.policy),
    Route("/stores/{name}/policy", policies.policy_sent, methods=["POST"]),
    Route("/mirrors", working.mirrors),
    Route("/mirrors/new", working.mirror_add),
    Route("/jobs", working.jobs),
    Route("/jobs/{job}", working.job),
    Route("/cache", caches.cache),
    Route("/users", working.users),
    Route("/settings", working.settings),
    Route("/sign-in", entering.sign_in_page),
    Route("/sign-in", entering.sign_in_sent, methods=["POST"]),
    Route("/sign-in/{token}", entering.link_page),
    Route("/sign-in/{token}", entering.link_sent, methods=["POST"]),
    Route("/password", entering.password_page),
    Route("/password", entering.password_sent, methods=["POST"]),
    Route("/sign-out", entering.sign_out_sent, methods=["POST"]),
]
