"""Containers, queues and tables: each is there, and whoever looks may do there what has to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from shared.checkup.findings import Check, Finding, View, error_in_words
from shared.errors import NoToken, SecretForbidden, SecretMissing, TerminalError, TransientError
from shared.settings import KEY_VAULT_URI
from shared.storage.clients import Storage, code_of
from shared.storage.fingerprint import SECRET_NAME
from shared.storage.names import (
    BLOBS_POISON,
    CONFIG,
    CONTAINERS,
    INBOX,
    OUTBOX,
    QUEUES,
    STATE,
    TABLES,
    UPLOADS_POISON,
    TableName,
)
from shared.storage.rows import Key, delete_row

_NOBODY = "rollcall-check-up"  # a name that nothing has: to remove it takes the right to write, and does nothing
_BY_NETWORK = ("AuthorizationFailure", "PublicAccessNotPermitted", "NetworkSecurityPerimeterDenied")
_MAKE = "azd provision --no-state, or the pipeline, makes it; if it held anything, see docs/disaster.md first"


@dataclass(frozen=True)
class _Store:
    """One of them.

    Attributes:
        check: its name in the answer.
        role: that whoever looks needs on it; empty if none is needed.
        read: reads a little.
        write: shows whether whoever looks may write; None if that is not needed.
    """

    check: Check
    role: str
    read: Callable[[], object]
    write: Callable[[], object] | None = None


def check_stores(view: View) -> Iterator[Finding]:
    """Every container, queue and table."""
    storage = view.context.storage
    for store in (*_containers(view, storage), *_queues(view, storage), *_tables(storage)):
        yield _look(store)


def _look(store: _Store) -> Finding:
    check = store.check
    try:
        store.read()
        if store.write:
            store.write()
    except ResourceNotFoundError:
        return check.wrong("it is not there", _MAKE)
    except HttpResponseError as error:
        if error.status_code != HTTPStatus.FORBIDDEN:
            return check.wrong(
                error_in_words(error), "try again; if it stays so, see the storage account's page in the portal"
            )
        if code_of(error) in _BY_NETWORK:
            return check.wrong(
                "the network rules of the storage account keep this machine out",
                "look from the app's own page, or from a network that is allowed",
            )
        if not store.role:
            return check.unseen("whoever looks has no role on it, and needs none; the app's own page looks at it")
        return check.wrong(
            f"whoever looks lacks the role {store.role} on it",
            "azd provision --no-state, or the pipeline, gives it to the app and OPERATOR_GROUP_ID; a new role takes "
            "some minutes",
        )
    except NoToken:
        return check.wrong(
            "there is no token for storage",
            "on a laptop: az login, without HR_STORAGE__credential; in the app: see that HR_STORAGE__clientId is right",
        )
    except AzureError as error:
        return check.wrong(error_in_words(error), "check HR_STORAGE and the network")
    return check.ok("is there" + (", and may be written" if store.write else ""))


def _containers(view: View, storage: Storage) -> Iterator[_Store]:
    owner, writer, reader = (f"Storage Blob Data {what}" for what in ("Owner", "Contributor", "Reader"))
    app = {INBOX: owner, OUTBOX: writer, CONFIG: reader, STATE: writer}
    people = {INBOX: reader, OUTBOX: reader, CONFIG: writer, STATE: writer}
    roles = app if view.is_the_app else people
    for name in CONTAINERS:

        def read(name: str = name) -> object:
            return next(storage.container(name).list_blobs(results_per_page=1).by_page(), None)

        def write(name: str = name) -> None:
            try:
                storage.container(name).delete_blob(_NOBODY)
            except ResourceNotFoundError as error:
                if code_of(error) != "BlobNotFound":
                    raise

        writes = roles[name] == writer
        yield _Store(Check("container", name), roles[name], read, write if writes else None)


def _queues(view: View, storage: Storage) -> Iterator[_Store]:
    for name in QUEUES:

        def read(name: str = name) -> object:
            return storage.queue(name).peek_messages(max_messages=1)

        def write(name: str = name) -> None:
            try:
                storage.queue(name).delete_message("00000000-0000-0000-0000-000000000000", "AgAAAAMAAAAAAAAA")
            except HttpResponseError as error:
                if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
                    raise
                if code_of(error) == "QueueNotFound":
                    raise

        role = "Storage Queue Data Contributor" if view.is_the_app else ""
        yield _Store(Check("queue", name), role, read, write if view.is_the_app else None)


def _tables(storage: Storage) -> Iterator[_Store]:
    for name in TABLES:

        def read(name: TableName[Any] = name) -> object:
            pages = storage.table(name).query_entities("PartitionKey eq ''", results_per_page=1).by_page()
            return next(pages, None)

        def write(name: TableName[Any] = name) -> None:
            delete_row(storage.table(name), Key(_NOBODY, _NOBODY))

        yield _Store(Check("table", name), "Storage Table Data Contributor", read, write)


def check_put_aside(view: View) -> Iterator[Finding]:
    """Whether anything failed again and again and was put aside."""
    cures = {
        UPLOADS_POISON: "once the cause is mended: python -m cli redrive",
        BLOBS_POISON: "see the app's log; the clock takes the files in all the same",
    }
    for name, cure in cures.items():
        check = Check("put aside", name)
        try:
            count = view.context.storage.queue(name).get_queue_properties().approximate_message_count or 0
        except (AzureError, NoToken) as error:
            yield check.unseen(error_in_words(error))
            continue
        yield check.wrong(f"{count} messages failed five times", cure) if count else check.ok("nothing is")


def check_vault(view: View) -> Iterator[Finding]:
    """The vault, which holds the key of the fingerprints and what opens extracts."""
    check, vault = Check("vault"), view.context.vault
    if vault is None and not view.is_the_app:
        yield check.unseen(f"{KEY_VAULT_URI} is not set here; the app's own page knows whether the app has a vault")
        return
    if vault is None:
        yield check.ok("none is set: the fingerprint key is in rollcall-state, and no extract can be encrypted")
        return
    if not view.is_the_app:
        yield check.unseen("no person has a role on it; the app's own page looks at it")
        return
    try:
        vault.read(SECRET_NAME)
    except SecretMissing:
        yield check.ok("can be read; the fingerprint key is made with the first file")
    except SecretForbidden as error:
        yield check.wrong(
            str(error),
            "azd provision --no-state, or the pipeline, gives the app its role on the vault; a new role takes some "
            "minutes",
        )
    except (TerminalError, TransientError) as error:
        yield check.wrong(
            error_in_words(error), "check KEY_VAULT_URI, and that the vault is there and not soft-deleted"
        )
    else:
        yield check.ok(f"can be read; {SECRET_NAME} is there")
