"""Containers, queues and tables that must be there before anything runs."""

from __future__ import annotations

import contextlib

from azure.core.exceptions import ResourceExistsError

from local.host.connections import HOST_STORAGE, Connections
from shared.storage import names
from shared.storage.clients import Storage

HR_STORAGE = "HR_STORAGE"
HOSTS = "azure-webjobs-hosts"  # where the Functions host keeps receipts, locks and schedules


def ensure_storage(connections: Connections) -> None:
    """Create what is absent, as the Bicep does in Azure: the app's own in HR_STORAGE, the host's in its storage."""
    with connections.blobs(HOST_STORAGE) as blobs, contextlib.suppress(ResourceExistsError):
        blobs.create_container(HOSTS)
    if not connections.is_set(HR_STORAGE):
        return
    with connections.blobs(HR_STORAGE) as blobs:
        for container in names.CONTAINERS:
            with contextlib.suppress(ResourceExistsError):
                blobs.create_container(container)
    with connections.queues(HR_STORAGE) as queues:
        for queue in names.QUEUES:
            with contextlib.suppress(ResourceExistsError):
                queues.create_queue(queue)
    with connections.tables(HR_STORAGE) as tables:
        for table in names.TABLES:
            tables.create_table_if_not_exists(table)


def make_everything(storage: Storage) -> None:
    """Create the app's own containers, queues and tables in an account that has none of them."""
    for container in names.CONTAINERS:
        storage.container(container).create_container()
    for queue in names.QUEUES:
        storage.queue(queue).create_queue()
    for table in names.TABLES:
        storage.tables.create_table(table)
