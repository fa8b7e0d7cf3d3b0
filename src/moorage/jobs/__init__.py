"""Jobs: queue -> run -> record."""

from moorage.jobs.dispatcher import Dispatcher
from moorage.jobs.verbs import Jobs

__all__ = ["Dispatcher", "Jobs"]
