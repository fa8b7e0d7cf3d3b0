"""The face: the services of wiring, with the admission that all HTTP faces share."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from moorage.edge.admission import Admission
from moorage.edge.journal import Journal
from moorage.wiring import Services


@dataclass
class Face(Services):
    """What HTTP faces call."""

    admission: Admission = field(kw_only=True)
    journal: Journal = field(kw_only=True, default_factory=Journal)

    @classmethod
    def of(cls, services: Services) -> Face:
        """The services as HTTP faces take them."""
        admission = Admission(services.door, services.origin, machine=services.machine, note=services.note_address)
        return cls(**{one.name: getattr(services, one.name) for one in fields(services)}, admission=admission)
