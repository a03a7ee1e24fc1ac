"""What a person's row in `Workers` says in each state: status, reason, next step, who acts.

Sentences are for the support desk. They name files, rows and columns; a cell is quoted only where nobody could find the
fault without it, and Entra's words are Entra's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.clock import iso
from shared.model import Reject, Worker

QUEUED = "queued"
UPLOADED = "uploaded"
PROVISIONED = "provisioned"
UNCHANGED = "unchanged"
FAILED = "failed"
SKIPPED = "skipped"
REJECTED = "rejected"
WITHDRAWN = "withdrawn"

ANSWERED = (PROVISIONED, UNCHANGED, FAILED, SKIPPED)
"""The states in which Entra, or we, have given a last word on an upload."""

HR = "HR"
IT = "IT"
NOBODY = "nobody"


def queued(worker: Worker, file: str, extract_id: str, at: datetime) -> dict[str, Any]:
    """Planned and waiting for its turn."""
    user = worker.user
    return {
        "WorkerId": worker.worker_id,
        "DisplayName": str(user.get("displayName") or ""),
        "UserName": str(user.get("userName") or ""),
        "Active": bool(user["active"]),
        "Status": QUEUED,
        "Reason": f"Row {worker.row} of {file} was read and waits to be sent to Entra.",
        "NextStep": "Nothing to do: it is sent by itself.",
        "WhoActs": NOBODY,
        "ErrorCode": "",
        "Extract": extract_id,
        "Row": worker.row,
        "QueuedAt": iso(at),
        "UploadedAt": "",
        "ResolvedAt": "",
        "RequestId": "",
    }


def rejected(reject: Reject, file: str, extract_id: str, at: datetime) -> dict[str, Any]:
    """The row was not sent; whatever was known of the person before stays as it was."""
    return {
        "WorkerId": reject.worker_id,
        "Status": REJECTED,
        "Reason": f"Row {reject.row} of {file} was not sent: {reject.reason}",
        "NextStep": "HR corrects the row and drops the file again; the account stays as it was until then.",
        "WhoActs": HR,
        "ErrorCode": "",
        "Extract": extract_id,
        "Row": reject.row,
        "ResolvedAt": iso(at),
    }


def uploaded(sent_at: str, request_id: str) -> dict[str, Any]:
    """Entra took the upload (202), which says nothing about the person yet."""
    return {
        "Status": UPLOADED,
        "Reason": f"Sent to Entra at {sent_at} and accepted for processing; its verdict is not in yet.",
        "NextStep": "Wait: Entra usually reports within 5 to 40 minutes.",
        "WhoActs": NOBODY,
        "UploadedAt": sent_at,
        "RequestId": request_id,
    }


def waiting(reason: str, next_step: str, who_acts: str) -> dict[str, Any]:
    """Still queued, and there is something to say about why."""
    return {"Status": QUEUED, "Reason": reason, "NextStep": next_step, "WhoActs": who_acts}


def withdrawn(at: datetime) -> dict[str, Any]:
    """Not sent, because a newer file of another source of the same job names the person too."""
    return {
        "Status": WITHDRAWN,
        "Reason": "A newer file of another source names this person too; that one is sent instead.",
        "NextStep": "Nothing to do: what became of it is on the person's row of the other source.",
        "WhoActs": NOBODY,
        "ResolvedAt": iso(at),
    }


def refused(code: str, reason: str, request_id: str, at: datetime) -> dict[str, Any]:
    """Entra refused the request that carried the person (400 or something unknown)."""
    return {
        "Status": FAILED,
        "Reason": f"Entra refused the upload that carried this person: {reason}",
        "NextStep": "IT checks the mapping against Entra's words and the request id, then HR's file is dropped again.",
        "WhoActs": IT,
        "ErrorCode": code,
        "RequestId": request_id,
        "ResolvedAt": iso(at),
    }
