"""Who is known from earlier extracts: ids and user names, from the results table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shared.records.names import WORKERS
from shared.records.storage import Storage


@dataclass(frozen=True)
class KnownPeople:
    """The people of all sources, read in one pass on the first question; some 300 bytes for each.

    Attributes:
        storage: the account with HR data.
        source: whose ids `is_worker` and `user_name` are about; user names are unique among all sources.
    """

    storage: Storage
    source: str

    def is_worker(self, worker_id: str) -> bool:
        """Whether somebody of the source has this id."""
        return worker_id in self._people[0]

    def user_name(self, worker_id: str) -> str:
        """The user name that a worker of the source has, or an empty text."""
        return self._people[0].get(worker_id, "")

    def owner(self, user_name: str) -> str:
        """The id of the worker who has a user name, without regard to case, or an empty text."""
        return self._people[1].get(user_name.casefold(), "")

    @cached_property
    def _people(self) -> tuple[dict[str, str], dict[str, str]]:
        names: dict[str, str] = {}
        owners: dict[str, str] = {}
        columns = ["PartitionKey", "WorkerId", "UserName", "QueuedAt"]
        for row in self.storage.table(WORKERS).list_entities(select=columns):
            if not row.get("QueuedAt"):  # only ever rejected: an id that may be wrong itself
                continue
            if row["PartitionKey"].startswith(f"{self.source}|"):
                names[row["WorkerId"]] = row["UserName"]
            if row["UserName"]:
                owners.setdefault(row["UserName"].casefold(), row["WorkerId"])
        return names, owners
