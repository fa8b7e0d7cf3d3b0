"""HTTP as stores need it: make -> try -> repeat -> answer.

One place for time limits, repeats, cancellation and the counts that costs are made of.
"""

from moorage.stores.transport.beside import side_by_side
from moorage.stores.transport.bodies import EMPTY, Body, BytesBody, StreamBody
from moorage.stores.transport.client import Transport
from moorage.stores.transport.clock import Clock
from moorage.stores.transport.counters import Counters
from moorage.stores.transport.exchange import Answer, Request
from moorage.stores.transport.guard import Guard
from moorage.stores.transport.limits import Limits, Purpose
from moorage.stores.transport.opened import OpenedBody
from moorage.stores.transport.retrying import retry_after_s

__all__ = [
    "EMPTY",
    "Answer",
    "Body",
    "BytesBody",
    "Clock",
    "Counters",
    "Guard",
    "Limits",
    "OpenedBody",
    "Purpose",
    "Request",
    "StreamBody",
    "Transport",
    "retry_after_s",
    "side_by_side",
]
