"""DBOS itself, blocking: one queue, one workflow function, plain JSON records.

Imported only when a runner starts, because importing DBOS takes half a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, Serializer, SetWorkflowID, WorkflowStatusString

QUEUE: Final = "moorage-slices"
WORKFLOW: Final = "moorage.slice"
POLL_S: Final = 0.1
STOP_S: Final = 0.1
"""How often DBOS looks whether it is to stop, where nobody waits for its notifications: a sleep of 1 s unless told."""
"""How often a worker looks into the shared queue; the embedded engine has none."""
WAITING: Final = frozenset({WorkflowStatusString.ENQUEUED.value, WorkflowStatusString.DELAYED.value})
RUNNING: Final = WorkflowStatusString.PENDING.value


class JsonSerializer(Serializer):
    """Arguments and outcomes as JSON text: nothing that is read back can run code."""

    def serialize(self, data: Any) -> str:
        """JSON; what has no JSON form (an exception) is written as its type's name."""
        return json.dumps(data, default=lambda value: type(value).__name__)

    def deserialize(self, serialized_data: str) -> Any:
        """The value again; tuples come back as lists."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """What DBOS notes beside each record."""
        return "moorage_json"


def open_database(url: str) -> sa.Engine:
    """Connections to DBOS's own records: a SQLite file in WAL mode, or PostgreSQL through psycopg.

    Losing these records costs seconds, so SQLite syncs at checkpoints only.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=4,
            max_overflow=4,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
    database = sa.create_engine(parsed, pool_size=4, max_overflow=4)

    @sa.event.listens_for(database, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    return database


def remove_file(url: str) -> None:
    """Delete an embedded database; the work that it told of is enqueued anew."""
    file = Path(sa.make_url(url).database or "")
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink(missing_ok=True)


class Engine:
    """One DBOS per process: DBOS keeps itself in a global."""

    def __init__(self, database: sa.Engine, *, version: str, executor: str, places: int, shared: bool) -> None:
        self._database = database
        self._version = version
        self._executor = executor
        self._places = places
        self._shared = shared
        self._serializer = JsonSerializer()
        self._slice: Callable[[int, int], None] | None = None

    def launch(self, run: Callable[[int, int], None], *, takes_work: bool) -> None:
        """Start DBOS. What a dead process of this executor left is removed first, or DBOS would resume it."""
        self._clear()

        def slice_(work: int, epoch: int) -> None:
            run(work, epoch)

        self._slice = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(slice_)
        config = DBOSConfig(
            name="moorage",
            system_database_engine=self._database,
            application_version=self._version,
            executor_id=self._executor,
            serializer=self._serializer,
            max_executor_threads=self._places * 2 if self._shared else self._places,
            use_listen_notify=False,
            notification_listener_polling_interval_sec=STOP_S,
            enable_otlp=False,
            log_level="CRITICAL",
        )
        DBOS(config=config)
        DBOS.listen_queues([QUEUE] if takes_work and self._shared else [])
        DBOS.launch()
        if self._shared:
            DBOS.register_queue(
                QUEUE, worker_concurrency=self._places, polling_interval_sec=POLL_S, on_conflict="always_update"
            )

    def _clear(self) -> None:
        if not sa.inspect(self._database).has_table("workflow_status", schema="dbos" if self._shared else None):
            return
        client = DBOSClient(system_database_engine=self._database, serializer=self._serializer)
        try:
            left = client.list_workflows(
                executor_id=None if not self._shared else self._executor, load_input=False, load_output=False
            )
            if left:
                client.delete_workflows([workflow.workflow_id for workflow in left])
        finally:
            client.destroy()

    def begin(self, workflow: str, work: int, epoch: int) -> bool:
        """Run it in a thread of this process. False: the id is known already, or another process was first."""
        if not self._submit(workflow, lambda function: DBOS.start_workflow(function, work, epoch)):
            return False
        if not self._shared:
            return True
        status = DBOS.get_workflow_status(workflow)
        return status is None or status.executor_id == self._executor

    def queue(self, workflow: str, work: int, epoch: int) -> bool:
        """Leave it to whichever worker has a place first. False: the id is known already."""
        return self._submit(workflow, lambda function: DBOS.enqueue_workflow(QUEUE, function, work, epoch))

    def _submit(self, workflow: str, submit: Callable[[Any], object]) -> bool:
        if DBOS.get_workflow_status(workflow) is not None:
            return False
        with SetWorkflowID(workflow):
            submit(self._slice)
        return True

    def places_of(self, workflows: Sequence[str]) -> dict[str, tuple[bool, str, str]]:
        """Of those that wait or run: (waits, executor, application version) by id."""
        found = DBOS.list_workflows(workflow_ids=list(workflows), load_input=False, load_output=False)
        return {
            one.workflow_id: (one.status in WAITING, one.executor_id or "", one.app_version or "")
            for one in found
            if one.status in WAITING or one.status == RUNNING
        }

    def remove(self, workflows: Iterable[str]) -> None:
        """Cancel what waits and delete the records; unknown ids are passed over."""
        ids = list(workflows)
        DBOS.cancel_workflows(ids)
        DBOS.delete_workflows(ids)

    def remove_ended(self, before: str) -> None:
        """Delete records of workflows that ended before that ISO time; of processes that could not do it."""
        ended = DBOS.list_workflows(completed_before=before, limit=1000, load_input=False, load_output=False)
        if ended:
            DBOS.delete_workflows([one.workflow_id for one in ended])

    def close(self) -> None:
        """End DBOS's threads and forget the registered function, so that another engine may follow."""
        DBOS.destroy(destroy_registry=True)
        self._database.dispose()
