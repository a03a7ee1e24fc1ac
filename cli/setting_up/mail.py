"""The step that says whom the job tells, and at how many disabled accounts it stops."""

from __future__ import annotations

from dataclasses import replace

from cli.setting_up.application import Job
from cli.setting_up.rights import JOB, needing
from cli.setting_up.telling import Teller
from shared.entra.management import Management
from shared.entra.notification import KEY, Notification, read_notification

USUAL_THRESHOLD = 500
"""What Microsoft's jobs begin with: https://learn.microsoft.com/entra/identity/app-provisioning/accidental-deletions."""


def notify(management: Management, job: Job | None, wanted: Notification, tell: Teller, *, force: bool) -> bool:
    """Set the notification mail and the threshold of accidental deletions.

    Args:
        management: the way to Graph.
        job: whose; None if a dry run would make it.
        wanted: the settings; no recipient: what is there stays.
        tell: hears of it.
        force: whether what somebody has set by hand is overwritten.

    Returns:
        Whether somebody is told in the end.
    """
    tell.step("Notification and accidental deletions")
    if job is None:
        _say(Notification(), wanted, tell)
        return bool(wanted.recipients)
    path = f"servicePrincipals/{job.principal}/synchronization/secrets"
    with needing(management, JOB, "to read the notification settings"):
        secrets = list(management.items(path))
    before = read_notification(secrets)
    after = _merged(before, wanted, tell, force=force)
    if not after.recipients:
        tell.leaves("nobody is told of a quarantine, and without that a job can go into one at once: say --notify MAIL")
        return False
    if (after.recipients, after.threshold) == (before.recipients, before.threshold):
        tell.is_so(f"{', '.join(after.recipients)} is told, and the job stops at {after.threshold} disabled accounts")
        return True
    others = [one for one in secrets if one.get("key") != KEY]
    if masked := [str(one.get("key")) for one in others if not str(one.get("value") or "").strip("*")]:
        # All of them are replaced at once, and what cannot be read cannot be put back.
        tell.leaves(
            f"the notification mail, because {', '.join(masked)} cannot be read and would be lost: set the mail in the "
            "portal, under Provisioning, Settings"
        )
        return bool(before.recipients)
    if not _say(before, after, tell):
        return True
    with needing(management, JOB, "to write the notification settings"):
        management.put(path, {"value": [*others, {"key": KEY, "value": after.text()}]})
    tell.did("set")
    return True


def _merged(before: Notification, wanted: Notification, tell: Teller, *, force: bool) -> Notification:
    """What is to be: what was set by hand stays, and what nobody has set is filled in."""
    recipients = wanted.recipients or before.recipients
    if before.recipients and recipients != before.recipients and not force:
        tell.leaves(f"{', '.join(before.recipients)} is told, set by hand (--force replaces it)")
        recipients = before.recipients
    threshold = before.threshold
    if wanted.threshold not in (0, threshold):
        if threshold in (0, USUAL_THRESHOLD) or force:
            threshold = wanted.threshold
        else:
            tell.leaves(f"the threshold is {threshold}, set by hand (--force replaces it)")
    return replace(before, recipients=recipients, threshold=threshold)


def _say(before: Notification, after: Notification, tell: Teller) -> bool:
    goes = True
    if after.recipients != before.recipients:
        goes = tell.will(f"have {', '.join(after.recipients)} told of a quarantine")
    if after.threshold != before.threshold:
        goes = tell.will(f"have the job stop when it is to disable {after.threshold} accounts or more in one run")
    return goes
