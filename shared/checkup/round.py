"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from shared.checkup.findings import Finding, Look, View
from shared.checkup.job import check_jobs, check_roles
from shared.checkup.mappings import check_domains, check_mappings
from shared.checkup.platform import check_clocks, check_settings, check_versions
from shared.checkup.running import check_calls, check_life, check_new_files, check_sending
from shared.checkup.stores import check_put_aside, check_stores, check_vault

CHECKS: tuple[Look, ...] = (
    check_versions,
    check_clocks,
    check_stores,
    check_put_aside,
    check_vault,
    check_roles,
    check_jobs,
    check_mappings,
    check_domains,
    check_calls,
    check_sending,
    check_life,
    check_new_files,
)
"""What is looked at, after the settings; what others rest on comes first."""


def check_up(view: View) -> Iterator[Finding]:
    """Look at everything that settings lead to."""
    try:
        for look in CHECKS:
            yield from look(view)
    finally:
        view.close()


def check_app(view: View) -> list[Finding]:
    """Look at everything, settings included, from within the app."""
    findings, _ = check_settings(view.environment)
    return [*findings, *check_up(view)]
