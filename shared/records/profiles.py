"""What the newest file of a source that was used looked like, in `rollcall-state`; see `shared.extract.profile`."""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError

from shared.storage.clients import Storage
from shared.storage.names import STATE


def profile_path(source: str) -> str:
    """Where it is kept."""
    return f"profiles/{source}"


def read_profile(storage: Storage, source: str) -> bytes | None:
    """The profile as it was written; None if there is none."""
    try:
        return storage.container(STATE).download_blob(profile_path(source)).readall()
    except ResourceNotFoundError:
        return None


def write_profile(storage: Storage, source: str, profile: bytes) -> None:
    """Keep the profile of a file that is used; the next one is compared with it."""
    storage.container(STATE).upload_blob(profile_path(source), profile, overwrite=True)
