"""Settings, versions and clocks: what is so before anything is asked of Azure or Entra."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from azure.core.exceptions import AzureError

from shared.checkup.findings import Check, Finding, View, error_in_words
from shared.errors import RollcallError, SettingsError
from shared.settings import HR_STORAGE, PROVISIONING_ENDPOINT, Settings, from_environment
from shared.storage.names import STATE

# https://learn.microsoft.com/azure/azure-functions/supported-languages: how long the platform takes each.
_PYTHONS = {
    (3, 11): datetime(2027, 10, 31, tzinfo=UTC),
    (3, 12): datetime(2028, 10, 31, tzinfo=UTC),
    (3, 13): datetime(2029, 10, 31, tzinfo=UTC),
    (3, 14): datetime(2030, 10, 31, tzinfo=UTC),
}
_SOON = timedelta(days=180)
_PINNED = re.compile(r'^([A-Za-z0-9_.-]+)==([^\s;#]+)(?:\s*;\s*python_version\s*(<|>=)\s*"3\.(\d+)")?')
_REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"
_PROVISION = "provision again (azd provision, or the pipeline)"
_MOST_APART = timedelta(minutes=2)  # tokens and requests to storage bear 5 and 15


def check_settings(environment: Mapping[str, str]) -> tuple[list[Finding], Settings | None]:
    """The settings, and each fault of theirs.

    Returns:
        The findings; and the settings, or as much of them as can be used in spite of the faults, or None.
    """
    check = Check("settings")
    try:
        settings = from_environment(environment)
    except SettingsError as error:
        faults = [check.wrong(fault, "correct the app setting, and restart the app") for fault in error.faults]
        return faults, _usable(environment)
    count = len(settings.endpoints)
    return [check.ok(f"all are valid; {count} job{'' if count == 1 else 's'}")], settings


def _usable(environment: Mapping[str, str]) -> Settings | None:
    """What can be used of settings that are at fault: the storage, with the jobs if these are right."""
    of_storage = {name: value for name, value in environment.items() if name.split("__")[0] == HR_STORAGE}
    of_jobs = {name: value for name, value in environment.items() if name.split("__")[0] == PROVISIONING_ENDPOINT}
    for some in ({**of_storage, **of_jobs}, of_storage):
        try:
            return from_environment(some, sends=False)
        except SettingsError:
            continue
    return None


def check_versions(view: View) -> Iterator[Finding]:
    """Python, and the packages that the app is made with."""
    running = _running()
    yield _python(running, view.context.clock.now())
    check = Check("packages")
    if not _REQUIREMENTS.is_file():
        yield check.unseen("there is no requirements.txt beside the code")
        return
    differing = [
        f"{name} is {found or 'missing'} and not {wanted}"
        for name, wanted in pinned(_REQUIREMENTS.read_text("utf-8"), running[1])
        if (found := _installed(name)) != wanted
    ]
    if differing:
        yield check.wrong(
            "; ".join(differing),
            "deploy again: azd deploy, or the pipeline (on a laptop: pip install -r requirements.txt)",
        )
    else:
        yield check.ok("those of requirements.txt")


def _running() -> tuple[int, int]:
    return sys.version_info[0], sys.version_info[1]


def _python(running: tuple[int, int], now: datetime) -> Finding:
    check, name = Check("python"), ".".join(map(str, running))
    ends = _PYTHONS.get(running)
    if ends is None:
        return check.wrong(
            f"{name} is none that Rollcall is made for", f"set APP_PYTHON_VERSION to 3.13, then {_PROVISION}"
        )
    if now + _SOON > ends:
        return check.wrong(
            f"{name} is supported until {ends:%Y-%m-%d} only",
            f"set APP_PYTHON_VERSION to a newer one, then {_PROVISION}",
        )
    return check.ok(f"{name}, supported until {ends:%Y-%m}")


def pinned(text: str, minor: int) -> Iterator[tuple[str, str]]:
    """The packages that a requirements file names for a version 3.x of Python, with the version of each."""
    for line in text.splitlines():
        match = _PINNED.match(line)
        if match is None:
            continue
        name, wanted, relation, bound = match.groups()
        if relation is None or (minor < int(bound)) == (relation == "<"):
            yield name, wanted


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def check_clocks(view: View) -> Iterator[Finding]:
    """Our clock beside those of storage and of Graph."""
    check = Check("clock", "storage")
    heard: list[str] = []
    try:
        container = view.context.storage.container(STATE)
        pages = container.list_blobs(
            name_starts_with="clock/",
            raw_response_hook=lambda answer: heard.append(answer.http_response.headers.get("Date", "")),
        ).by_page()
        next(pages, None)
        yield _apart(check, view.context.clock.now(), parsedate_to_datetime(heard[0]) if heard else None)
    except (AzureError, RollcallError, ValueError) as error:
        yield check.unseen(error_in_words(error))
    if not view.first_job:
        return
    check, way = Check("clock", "Graph"), view.graph(view.first_job)
    try:
        way.get("")  # whatever it answers, it says when
    except RollcallError as error:
        if way.heard_at is None:
            yield check.unseen(error_in_words(error))
            return
    yield _apart(check, view.context.clock.now(), way.heard_at)


def _apart(check: Check, ours: datetime, theirs: datetime | None) -> Finding:
    if theirs is None:
        return check.unseen("the answer does not say when it was made")
    apart = abs(ours - theirs)
    if apart > _MOST_APART:
        return check.wrong(
            f"this machine's clock is {int(apart.total_seconds())} seconds {'ahead' if ours > theirs else 'behind'}",
            "set the clock by a time server (timedatectl set-ntp true, or w32tm /resync); tokens are refused otherwise",
        )
    return check.ok(f"within {max(1, int(apart.total_seconds()))} s")
