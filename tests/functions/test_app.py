"""The app as the Functions host sees it: names, triggers, connections, schedules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared import settings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "HR_STORAGE": "UseDevelopmentStorage=true",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "PROVISIONING_ENDPOINT": "https://graph.microsoft.com/v1.0/servicePrincipals/sp/synchronization/jobs/job/bulkUpload",
}
FUNCTIONS = [f"functions.{name}" for name in ("intake", "delivery", "reporting", "clock", "support")]
INDEX = """
import json
from pathlib import Path
from local.host.worker import Worker
print(json.dumps({function.name: dict(function.trigger) for function in Worker().index(Path.cwd())}))
"""


def index(**settings: str) -> subprocess.CompletedProcess[str]:
    """Index the app with Microsoft's worker library, in a process of its own as the library demands."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("ROLLCALL_", "HR_", "PROVISIONING_"))}
    return subprocess.run(
        [sys.executable, "-c", INDEX],
        cwd=ROOT,
        env={**env, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_worker_indexes_the_functions_with_these_bindings() -> None:
    run = index(**SETTINGS)
    triggers = json.loads(run.stdout.splitlines()[-1])
    wanted = ("type", "connection", "path", "queueName", "schedule", "source", "route", "methods", "authLevel")
    assert {name: {key: trigger[key] for key in wanted if key in trigger} for name, trigger in triggers.items()} == {
        "intake": {
            "type": "blobTrigger",
            "connection": "HR_STORAGE",
            "path": "hr-inbox/{name}",
            "source": "EventGrid",
        },
        "delivery": {"type": "queueTrigger", "connection": "HR_STORAGE", "queueName": "bulk-uploads"},
        "delivery_poison": {"type": "queueTrigger", "connection": "HR_STORAGE", "queueName": "bulk-uploads-poison"},
        "intake_poison": {
            "type": "queueTrigger",
            "connection": "HR_STORAGE",
            "queueName": "webjobs-blobtrigger-poison",
        },
        "reporting": {"type": "timerTrigger", "schedule": "0 */5 * * * *"},
        "clock": {"type": "timerTrigger", "schedule": "0 * * * * *"},
        # Anonymous for the runtime's own keys: people sign in with Entra before a request gets here.
        "support": {
            "type": "httpTrigger",
            "route": "support/{*page}",
            "methods": ["GET", "POST"],
            "authLevel": "ANONYMOUS",
        },
    }
    assert triggers["intake"]["properties"] == {"SupportsDeferredBinding": True}


@pytest.mark.slow
def test_settings_decide_on_polling_and_schedules() -> None:
    schedules = {"ROLLCALL_LOG_SCHEDULE": "0 */2 * * * *", "ROLLCALL_CLOCK_SCHEDULE": "*/30 * * * * *"}
    run = index(**SETTINGS, **schedules, ROLLCALL_BLOB_SOURCE="polling")
    triggers = json.loads(run.stdout.splitlines()[-1])
    assert triggers["intake"]["source"] == "LogsAndContainerScan"
    assert (triggers["reporting"]["schedule"], triggers["clock"]["schedule"]) == ("0 */2 * * * *", "*/30 * * * * *")


@pytest.mark.slow
def test_wrong_settings_keep_the_app_from_starting_and_are_all_named() -> None:
    run = index(ROLLCALL_BLOB_SOURCE="pigeon", ROLLCALL_LOG_SHEDULE="x")
    assert run.returncode != 0
    for words in (
        "4 settings need attention",
        "HR_STORAGE is missing",
        "PROVISIONING_ENDPOINT is missing",
        "ROLLCALL_BLOB_SOURCE is 'pigeon'",
        "ROLLCALL_LOG_SHEDULE is not a setting of Rollcall; did you mean ROLLCALL_LOG_SCHEDULE?",
    ):
        assert words in run.stderr


def test_the_sample_settings_are_explained_one_by_one_and_are_the_ones_that_the_code_reads() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())
    assert list(sample["Values"]) == list(sample["Explained"])
    read = {
        settings.HR_STORAGE,
        settings.PROVISIONING_ENDPOINT,
        settings.NEW_FILES_BY,
        settings.BLOB_SOURCE,
        settings.LOG_SCHEDULE,
        settings.CLOCK_SCHEDULE,
        settings.OVERDUE_MINUTES,
        settings.DAILY_CALLS,
        settings.LEAVER_RESERVE,
        settings.NOTIFY_TOPIC,
        settings.DIGEST_AT,
        settings.KEEP_EVENTS,
        settings.KEEP_EXTRACTS,
        settings.KEEP_OUTBOX,
        settings.KEY_VAULT_URI,
        settings.AZURE_CLIENT_ID,
    }
    of_the_runtime = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}
    assert set(sample["Values"]) == read | of_the_runtime | {"PROVISIONING_ENDPOINT__CONTRACTORS"}


@pytest.mark.parametrize("module", FUNCTIONS)
def test_a_function_is_a_few_lines_that_call_shared(module: str) -> None:
    lines = (ROOT / f"{module.replace('.', '/')}.py").read_text().splitlines()
    assert len(lines) < 40
