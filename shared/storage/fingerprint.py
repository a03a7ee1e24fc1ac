"""Keyed fingerprints of records: two records can be compared without being kept, and nobody else can try values out."""

from __future__ import annotations

import base64
import hmac
import secrets
from contextlib import suppress

import orjson
from azure.core.exceptions import ResourceExistsError

from shared.model import ScimUser
from shared.secrets import Vault
from shared.storage.clients import Storage
from shared.storage.names import STATE

SECRET_NAME = "rollcall-fingerprint-key"  # noqa: S105 (a name)
_KEY_BYTES = 32


def fingerprint(key: bytes, job_id: str, user: ScimUser) -> str:
    """HMAC-SHA256 over Entra's id of the job and the record, as 32 hexadecimal digits.

    The job's id is part of it so that a job that is replaced by another one starts with nobody known.
    """
    body = orjson.dumps(user, option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, f"{job_id}\0".encode() + body, "sha256").hex()[:32]


def load_key(vault: Vault | None, storage: Storage) -> bytes:
    """The fingerprint key: from the vault, or from `rollcall-state` where there is none; made if absent.

    Raises:
        SecretForbidden: the app's identity may not read or make it.
        TransientError: the vault cannot be reached.
    """
    if vault:
        return base64.b64decode(vault.read_or_make(SECRET_NAME, _new_key))
    blob = storage.container(STATE).get_blob_client("keys/fingerprint")
    with suppress(ResourceExistsError):
        blob.upload_blob(_new_key(), overwrite=False)
    return base64.b64decode(blob.download_blob().readall())


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
