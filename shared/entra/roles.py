"""The application roles in Microsoft Graph that the app's identity needs; `infra/graph.bicep` gives the same ones."""

from __future__ import annotations

UPLOAD = "SynchronizationData-User.Upload"
READ_LOG = "ProvisioningLog.Read.All"
READ_JOB = "Synchronization.Read.All"

PURPOSES = {
    UPLOAD: "to send people to the job",
    READ_LOG: "to hear what became of them",
    READ_JOB: "to see how the job is",
}
"""Each role, and what it is for."""
