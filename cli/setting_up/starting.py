"""The last step: the job is started, if that is asked for and nothing speaks against it."""

from __future__ import annotations

from cli.setting_up.application import Job, read_job
from cli.setting_up.rights import JOB, needing
from cli.setting_up.telling import Teller
from shared.entra.management import Management

AGENT = (
    "A person installs the provisioning agent, on a server of the domain; nothing here can do it. Check:",
    "- Windows Server 2016 or later, with .NET 4.7.2 and TLS 1.2, which reaches Microsoft on port 443.",
    "- It is installed for HR-driven provisioning, and its service runs: Get-Service AADConnectProvisioningAgent",
    "- It is shown as active in the portal, under Entra Connect, Cloud sync, Agents. Two agents make it safe.",
    "- Under Provisioning, the domain and the container for new users are set, and Test connection works.",
    "- The agent's account may create and change users in that container.",
    "- The mapping of accountDisabled is Not([active]), and that of parentDistinguishedName says where people belong.",
)
"""What is to be checked of the agent, a line each: https://learn.microsoft.com/entra/identity/app-provisioning/
on-premises-application-provisioning-architecture and the tutorial on API-driven provisioning to on-premises AD."""


# Many parameters: the job, and what was ordered about it.
def start(management: Management, job: Job | None, against: str, tell: Teller, *, wanted: bool, force: bool) -> bool:
    """Start the job.

    Args:
        management: the way to Graph.
        job: which; None if a dry run would make it.
        against: why it must not be started, or an empty text.
        tell: hears of it.
        wanted: whether it is asked for.
        force: whether a job that somebody has paused is started.

    Returns:
        Whether it runs, or would.
    """
    tell.step("Start")
    if job is None:
        return tell.will("start the job") if wanted else _waits(tell)
    now = read_job(management, job)
    if now.code == "Quarantine":
        tell.leaves("the job is in quarantine: mend what its page in the portal names, and press Restart provisioning")
        return False
    if now.state == "Active":
        tell.is_so("the job runs")
        return True
    if not wanted:
        return _waits(tell)
    if against:
        tell.leaves(f"the job is not started: {against}")
        return False
    if now.state == "Paused" and not force:
        tell.leaves("somebody has paused the job: --force starts it all the same")
        return False
    if tell.will("start the job"):
        with needing(management, JOB, "to start the job"):
            management.post(f"{job.path}/start")
        tell.did("started")
    return True


def _waits(tell: Teller) -> bool:
    tell.note("The job does not run yet. When the app is deployed and has its roles: the same command with --start.")
    return False
