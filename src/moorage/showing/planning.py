"""Planning: what a wish to see a place would use and make, as the one who wishes may see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from moorage.cataloguing.projects import find, sound_name
from moorage.mirroring import Wanted
from moorage.mirroring.verbs import need_scope
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Project
from moorage.model.credentials import Anonymous, Credentials, Hmac, Keys
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound
from moorage.model.keys import Bucket, Key, Prefix
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Transaction
from moorage.showing.place import Place, parse_place
from moorage.showing.suggesting import Held, free_project_name, free_store_name, held_by, shown_already


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see: ``address``, or ``store`` with ``wanted.prefix``; the rest may stay empty.

    ``folder`` is the way below the project's root; its last name is the mount's.
    """

    address: str = ""
    store: str = ""
    endpoint: str = ""
    region: str = ""
    path_style: bool | None = None
    ca: str = ""
    credentials: Credentials = field(default_factory=Anonymous, repr=False)
    store_name: str = ""
    writable: bool = False
    force: bool = False
    project: str = ""
    create_project: bool = False
    folder: Key = Key("")
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def tells_of_a_store(self) -> bool:
        """Whether it says how a new store shall be."""
        given = (self.endpoint, self.region, self.ca, self.store_name, self.writable)
        return any(given) or self.path_style is not None or not isinstance(self.credentials, Anonymous)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is there already, and how that will be called which is not: ``project`` None is made as ``project_name``."""

    place: Place
    held: Held | None
    store_name: str
    project: Project | None
    project_name: str

    def new_store(self, wish: Wish) -> Store:
        """The store that the place takes, with the place's prefix as its own."""
        place = self.place
        assert place.provider is not None
        connection = Connection(
            provider=place.provider,
            endpoint=place.endpoint,
            region=place.region,
            path_style=wish.path_style,
            ca=wish.ca,
            root=place.root,
            credentials=credentials_for(place, wish.credentials),
        )
        return Store(
            self.store_name,
            connection,
            bucket=Bucket(place.bucket),
            prefix=place.prefix,
            read_only=not wish.writable,
        )


def plan_of(tx: Transaction, principal: Principal, wish: Wish) -> Plan:
    """What is there and what must be made, as the principal may see it. Raises where it may not, or need not."""
    place = place_of(tx, wish)
    held = held_by(
        tx,
        principal,
        place,
        credentials=credentials_for(place, wish.credentials),
        writable=wish.writable,
        store_name=wish.store_name,
    )
    if held is None:
        need_admin(principal, place)
    elif not wish.project:
        _refuse_twice(tx, principal, place, held)
    name = wish.project or free_project_name(tx, principal, place.title)
    project = _project(tx, principal, wish, name)
    if held is not None:
        need_scope(principal, held.store, None if project is None else project.id)
    store_name = held.store.name if held is not None else wish.store_name or free_store_name(tx, place)
    return Plan(place, held, store_name, project, name)


def credentials_for(place: Place, given: Credentials) -> Credentials:
    """The credentials as the place's provider takes them: keys that were given for Google are its HMAC keys."""
    if place.provider is Provider.GOOGLE and isinstance(given, Keys):
        return Hmac(given.access_key, given.secret_key)
    return given


def need_admin(principal: Principal, place: Place) -> None:
    """Raise Forbidden unless the principal may register the store that the place takes."""
    if principal.everywhere is not Role.ADMIN:
        raise Forbidden(
            f"No store that is open to you holds {place.text}, and only an admin adds one. Nothing was made.",
            "Ask an admin to show it to you, or to open a store to your project.",
            role_needed=Role.ADMIN.word,
        )


def place_of(tx: Transaction, wish: Wish) -> Place:
    """The place that is wished for. Raises Invalid."""
    if bool(wish.address) is bool(wish.store):
        raise Invalid(
            "Name a store, or the address of a place: one of them. Nothing was made.",
            "Write an address such as /data/photos or s3://bucket/prefix.",
            field="address",
        )
    if wish.store:
        place = Place(store=wish.store, prefix=Prefix(wish.wanted.prefix))
    else:
        if wish.wanted.prefix:
            raise Invalid("An address holds its prefix. Nothing was made.", "Write s3://bucket/prefix.", field="prefix")
        buckets = {store.bucket for store in tx.stores.all()}
        place = parse_place(wish.address, endpoint=wish.endpoint, region=wish.region, buckets=buckets)
    if place.store and wish.tells_of_a_store:
        raise Invalid(
            f"The store {place.store} is registered with all that belongs to it. Nothing was made.",
            "Leave out credentials, name and writable, or write the place's own address.",
            field="store",
        )
    return place


def _project(tx: Transaction, principal: Principal, wish: Wish, name: str) -> Project | None:
    """The project to show it in; None where it is made. NotFound where that is not wished, or not allowed."""
    if not name:
        raise Invalid("No project was named. Nothing was made.", "Name one that you manage.", field="project")
    may_make = (principal.everywhere or 0) >= Role.MANAGER
    if may_make and not wish.project:
        return None
    try:
        project = find(tx, principal, name)
    except NotFound:
        if not (may_make and (wish.address or wish.create_project)):
            raise
        sound_name(name)
        return None
    principal.need(Role.MANAGER, project.id)
    return project


def _refuse_twice(tx: Transaction, principal: Principal, place: Place, held: Held) -> None:
    mirror = shown_already(tx, principal, held)
    if mirror is not None:
        raise Conflict(
            f"{place.text} is shown already, in the project {tx.projects.get(mirror.project).name!r} as mirror "
            f"{mirror.id}. Nothing was made.",
            f"Look for what is new there with `moorage mirror reindex {mirror.id}`, or show it in another project as "
            "well with --project NAME.",
        )
