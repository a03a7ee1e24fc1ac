"""App settings: every fault at once, and a token goes nowhere else."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import SettingsError
from shared.settings import (
    GRAPH_HOSTS,
    TOPIC_HOSTS,
    ProvisioningEndpoint,
    Settings,
    StorageConnection,
    from_environment,
    is_loopback,
    parse_endpoint,
)

PATH = "/servicePrincipals/11111111-aaaa/synchronization/jobs/API2AAD.2222/bulkUpload"
URL = f"https://graph.microsoft.com/v1.0{PATH}"
CONNECTION = "DefaultEndpointsProtocol=https;AccountName=hr;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
GOOD = {"HR_STORAGE": CONNECTION, "PROVISIONING_ENDPOINT": URL}
PORTAL = (
    "must be the URL that the portal shows under Provisioning, Overview, Provisioning API endpoint: "
    ".../servicePrincipals/<id>/synchronization/jobs/<id>/bulkUpload"
)
VAULT = "KEY_VAULT_URI must be the vault's https:// address, such as https://NAME.vault.azure.net/"
ONCE = "a job's name has letters, digits and hyphens, and is used once"
IDENTITY = "must be an https:// address (an identity never goes over plain http)"
CLOUDS = (
    "must start with https:// and one of dod-graph.microsoft.us, graph.microsoft.com, graph.microsoft.us, "
    "microsoftgraph.chinacloudapi.cn (plain http only to this machine)"
)


def faults_of(env: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as wrong:
        from_environment(env)
    return wrong.value.faults


def endpoint(
    name: str = "default", root: str = "https://graph.microsoft.com/v1.0", scope: str = ""
) -> ProvisioningEndpoint:
    return ProvisioningEndpoint(
        name=name,
        url=root + PATH,
        graph_root=root,
        service_principal_id="11111111-aaaa",
        job_id="API2AAD.2222",
        scope=scope or "https://graph.microsoft.com/.default",
    )


@pytest.mark.parametrize(
    ("job", "tenant", "is_for_active_directory"),
    [
        ("API2AAD.b16687d38faf42adb29892cdcaf01c6e.1a03de52", "b16687d38faf42adb29892cdcaf01c6e", False),
        ("API2AD.B16687D38FAF42ADB29892CDCAF01C6E.1a03de52", "b16687d38faf42adb29892cdcaf01c6e", True),
        ("api2ad.b16687d38faf42adb29892cdcaf01c6e.1a03de52", "b16687d38faf42adb29892cdcaf01c6e", True),
        ("API2AD.2222", "", False),
        ("2222", "", False),
    ],
)
def test_a_jobs_id_says_whose_it_is_and_what_kind(job: str, tenant: str, is_for_active_directory: bool) -> None:
    found = parse_endpoint("default", URL.replace("API2AAD.2222", job))
    assert (found.tenant, found.is_for_active_directory) == (tenant, is_for_active_directory)


BLOB, ANY = "HR_STORAGE__blobServiceUri", "HR_STORAGE__serviceUri"
SAME = "https://hr.blob.core.windows.net"
URIS = {
    "PROVISIONING_ENDPOINT": URL,
    BLOB: SAME,
    "HR_STORAGE__queueServiceUri": "https://hr.queue.core.windows.net",
    "HR_STORAGE__tableServiceUri": "https://hr.table.core.windows.net",
}
IDENTITY_OF_IT = {"HR_STORAGE__credential": "managedidentity", "HR_STORAGE__clientId": "id"}


@pytest.mark.parametrize(
    ("env", "fault"),
    [
        (GOOD | {BLOB: ""}, f"HR_STORAGE is a connection string, and {BLOB} beside it: remove the one or the other"),
        (GOOD | {ANY: SAME}, f"HR_STORAGE is a connection string, and {ANY} beside it: remove the one or the other"),
        (
            GOOD | IDENTITY_OF_IT,
            (
                "HR_STORAGE is a connection string, and HR_STORAGE__credential, HR_STORAGE__clientId beside it: "
                "remove the one or the other"
            ),
        ),
        (URIS | {"HR_STORAGE": " "}, f"HR_STORAGE is there and empty: remove it, so that {BLOB} counts"),
        (URIS | {ANY: ""}, f"{ANY} is not what {BLOB} is, and would count instead: remove it"),
        (URIS | {ANY: "https://x"}, f"{ANY} is not what {BLOB} is, and would count instead: remove it"),
    ],
)
def test_settings_with_which_no_file_would_be_handed_over_are_refused_at_start(env: dict[str, str], fault: str) -> None:
    assert faults_of(env) == [fault]
    from_environment(env, sends=False)  # the commands are handed no files


@pytest.mark.parametrize(
    "env",
    [
        GOOD | {"HR_STORAGE__credential": "managedidentity"},
        GOOD | {"HR_STORAGE__queueServiceUri": "https://hr.queue.core.windows.net"},
        URIS | {"AZURE_CLIENT_ID": "id"},
        URIS | {ANY: f"{SAME}/"},
        URIS | IDENTITY_OF_IT,
    ],
)
def test_settings_that_agree_well_enough_are_not_refused(env: dict[str, str]) -> None:
    from_environment(env)


def test_without_sending_there_may_be_no_job_but_none_that_is_wrong() -> None:
    assert from_environment({"HR_STORAGE": CONNECTION}, sends=False).endpoints == {}
    assert from_environment(GOOD, sends=False) == from_environment(GOOD)
    with pytest.raises(SettingsError, match="PROVISIONING_ENDPOINT must start with https"):
        from_environment({**GOOD, "PROVISIONING_ENDPOINT": "http://example.com"}, sends=False)


def test_two_settings_are_enough() -> None:
    assert from_environment(GOOD) == Settings(
        storage=StorageConnection(connection_string=CONNECTION),
        endpoints={"default": endpoint()},
        blob_source="event_grid",
        new_files_by="event-grid",
        log_schedule="0 */5 * * * *",
        clock_schedule="0 * * * * *",
        key_vault_uri="",
        client_id="",
        daily_calls=2000,
        leaver_reserve=5.0,
    )


def test_everything_can_be_set() -> None:
    env = {
        "HR_STORAGE__blobServiceUri": "https://hr.blob.core.windows.net/",
        "HR_STORAGE__queueServiceUri": "https://hr.queue.core.windows.net",
        "HR_STORAGE__tableServiceUri": " https://hr.table.core.windows.net ",
        "HR_STORAGE__credential": "managedIdentity",
        "HR_STORAGE__clientId": "33333333-bbbb",
        "PROVISIONING_ENDPOINT": f" {URL} ",
        "PROVISIONING_ENDPOINT__CONTRACTORS": f"https://graph.microsoft.us/beta{PATH}",
        "PROVISIONING_ENDPOINT__UNUSED": "",
        "NEW_FILES_BY": "Clock",
        "ROLLCALL_BLOB_SOURCE": "Polling",
        "ROLLCALL_LOG_SCHEDULE": "0 */10 * * * *",
        "ROLLCALL_CLOCK_SCHEDULE": "30 * * * * *",
        "ROLLCALL_OVERDUE_MINUTES": "90",
        "ROLLCALL_DAILY_CALLS": "6000",
        "ROLLCALL_LEAVER_RESERVE": "2.5%",
        "ROLLCALL_NOTIFY_TOPIC": "https://hr.westeurope-1.eventgrid.azure.net/api/events",
        "ROLLCALL_DIGEST_AT": "Off",
        "ROLLCALL_KEEP_EVENTS_DAYS": "30",
        "ROLLCALL_KEEP_EXTRACTS_DAYS": "0",
        "ROLLCALL_KEEP_OUTBOX_DAYS": "7",
        "KEY_VAULT_URI": "https://hr.vault.azure.net/",
        "AZURE_CLIENT_ID": "33333333-bbbb",
        "PATH": "/usr/bin",
    }
    assert from_environment(env) == Settings(
        storage=StorageConnection(
            blob_uri="https://hr.blob.core.windows.net",
            queue_uri="https://hr.queue.core.windows.net",
            table_uri="https://hr.table.core.windows.net",
            managed_identity=True,
            client_id="33333333-bbbb",
        ),
        endpoints={
            "default": endpoint(),
            "contractors": endpoint(
                "contractors", "https://graph.microsoft.us/beta", "https://graph.microsoft.us/.default"
            ),
        },
        blob_source="polling",
        new_files_by="clock",
        log_schedule="0 */10 * * * *",
        clock_schedule="30 * * * * *",
        key_vault_uri="https://hr.vault.azure.net/",
        client_id="33333333-bbbb",
        overdue_minutes=90,
        daily_calls=6000,
        leaver_reserve=2.5,
        notify_topic="https://hr.westeurope-1.eventgrid.azure.net/api/events",
        digest_at="",
        keep_events_days=30,
        keep_extracts_days=0,
        keep_outbox_days=7,
    )


@pytest.mark.parametrize(
    "topic",
    [
        "http://hr.westeurope-1.eventgrid.azure.net/api/events",
        "https://eventgrid.azure.net.example.com/api/events",
        "https://hr.eventgrid.azure.net:444/api/events",
        "https://me@hr.eventgrid.azure.net/api/events",
        "https://hr.eventgrid.azure.net/api/events?code=1",
        "https://[hr",
    ],
)
def test_a_token_for_event_grid_goes_to_event_grid_only(topic: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_NOTIFY_TOPIC": topic}) == [
        (
            "ROLLCALL_NOTIFY_TOPIC must be the https:// endpoint of an Event Grid topic, such as "
            "https://NAME.REGION.eventgrid.azure.net/api/events (plain http only to this machine)"
        )
    ]


@pytest.mark.parametrize("at", ["6:30", "24:00", "06:60", "daily"])
def test_the_digest_has_a_time_of_day(at: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_DIGEST_AT": at}) == [
        "ROLLCALL_DIGEST_AT must be a time of day in UTC, such as 06:30, or off"
    ]


@pytest.mark.parametrize("days", ["6", "1.5", "-1", "a year"])
def test_what_is_kept_is_kept_for_a_week_at_least_or_for_ever(days: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_KEEP_OUTBOX_DAYS": days}) == [
        "ROLLCALL_KEEP_OUTBOX_DAYS must be a whole number of days, 7 at least, such as 90; or 0 to keep for ever"
    ]


@pytest.mark.parametrize("calls", ["0", "-1", "2000.5", "1e3", "many", "٢"])
def test_the_calls_of_a_day_are_a_whole_number(calls: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_DAILY_CALLS": calls}) == [
        "ROLLCALL_DAILY_CALLS must be a whole number of calls, such as 2000 (P1, P2) or 6000 (Governance)"
    ]


@pytest.mark.parametrize("minutes", ["9", "10081", "60.5", "an hour"])
def test_the_time_until_an_answer_is_overdue_is_a_whole_number_of_minutes(minutes: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_OVERDUE_MINUTES": minutes}) == [
        "ROLLCALL_OVERDUE_MINUTES must be a whole number of minutes from 10 to 10080 (a week), such as 60"
    ]


@pytest.mark.parametrize("reserve", ["101", "-5%", "5 percent", "nan", "5%%"])
def test_the_reserve_for_leavers_is_a_percentage(reserve: str) -> None:
    assert faults_of(GOOD | {"ROLLCALL_LEAVER_RESERVE": reserve}) == [
        "ROLLCALL_LEAVER_RESERVE must be a percentage from 0 to 100, such as 5%"
    ]


@pytest.mark.parametrize("reserve", ["0", "5", "5%", "12.5 %", "100%"])
def test_the_reserve_for_leavers_is_written_with_or_without_a_sign(reserve: str) -> None:
    read = from_environment(GOOD | {"ROLLCALL_LEAVER_RESERVE": reserve})
    assert read.leaver_reserve == float(reserve.rstrip("% "))


def test_a_connection_string_wins_over_an_identity_based_connection() -> None:
    env = GOOD | {"HR_STORAGE__blobServiceUri": "https://other.blob.core.windows.net"}
    assert from_environment(env, sends=False).storage == StorageConnection(connection_string=CONNECTION)


def test_every_fault_is_named_at_once() -> None:
    env = {"ROLLCALL_BLOB_SOURCE": "ftp", "ROLLCALL_LOG_SCEDULE": "x", "ROLLCALL_XYZ": "", "KEY_VAULT_URI": "hr"}
    faults = [
        (
            "HR_STORAGE is missing: set HR_STORAGE__blobServiceUri, __queueServiceUri and __tableServiceUri of "
            "the account "
            "with HR data (or, on this machine, a connection string)"
        ),
        "PROVISIONING_ENDPOINT is missing: copy the bulkUpload URL from the provisioning app's overview page",
        "ROLLCALL_BLOB_SOURCE is 'ftp'; it must be 'event_grid' (Azure) or 'polling' (local)",
        VAULT,
        "ROLLCALL_LOG_SCEDULE is not a setting of Rollcall; did you mean ROLLCALL_LOG_SCHEDULE?",
        "ROLLCALL_XYZ is not a setting of Rollcall",
    ]
    with pytest.raises(SettingsError) as wrong:
        from_environment(env)
    assert wrong.value.faults == faults
    assert str(wrong.value) == "6 settings need attention:\n" + "\n".join(f"  - {fault}" for fault in faults)


@pytest.mark.parametrize(
    ("env", "fault"),
    [
        (
            {"HR_STORAGE": "@Microsoft.KeyVault(SecretUri=x)"},
            "HR_STORAGE is not a connection string of a storage account",
        ),
        ({"KEY_VAULT_URI": "http://hr.vault.azure.net"}, VAULT),
        ({"KEY_VAULT_URI": "https://["}, VAULT),
        (
            {"ROLLCALL_CLOCK_SCHEDULE": "* * * * *"},
            (
                "ROLLCALL_CLOCK_SCHEDULE is '* * * * *': it has five fields, and the host would take the first of them "
                "for the minute, at second 0; write it such as '0 * * * * *'"
            ),
        ),
        (
            {"ROLLCALL_LOG_SCHEDULE": "0 0 22-2 * * *"},
            (
                "ROLLCALL_LOG_SCHEDULE is '0 0 22-2 * * *': the hour '22-2' runs backwards, and the host would take it "
                "for 2 to 22; 22-23,0-2 is what it says; write it such as '0 */5 * * * *'"
            ),
        ),
        (
            {"ROLLCALL_LOG_SCHEDULE": "0 0 0 30 2 *"},
            (
                "ROLLCALL_LOG_SCHEDULE is '0 0 0 30 2 *': the host would not start: '0 0 0 30 2 *' never comes: none "
                "of its months has such a day; write it such as '0 */5 * * * *'"
            ),
        ),
        (
            {"NEW_FILES_BY": "pigeon"},
            "NEW_FILES_BY is 'pigeon'; it must be 'event-grid' or 'clock' (a private network)",
        ),
        ({"PROVISIONING_ENDPOINT__CONTRACTORS.EU": URL}, f"PROVISIONING_ENDPOINT__CONTRACTORS.EU: {ONCE}"),
        ({"PROVISIONING_ENDPOINT__Default": URL}, f"PROVISIONING_ENDPOINT__Default: {ONCE}"),
        ({"PROVISIONING_ENDPOINT__A": "x"}, f"PROVISIONING_ENDPOINT__A {CLOUDS}"),
    ],
)
def test_one_fault_is_named_as_such(env: dict[str, str], fault: str) -> None:
    assert faults_of(GOOD | env) == [fault]


@pytest.mark.parametrize(
    ("env", "faults"),
    [
        (
            {"blobServiceUri": "https://a"},
            ["HR_STORAGE__queueServiceUri is missing", "HR_STORAGE__tableServiceUri is missing"],
        ),
        (
            {
                "blobServiceUri": "http://a",
                "queueServiceUri": "https://[",
                "tableServiceUri": "https://",
                "credential": "key",
            },
            [
                f"HR_STORAGE__blobServiceUri {IDENTITY}",
                f"HR_STORAGE__queueServiceUri {IDENTITY}",
                f"HR_STORAGE__tableServiceUri {IDENTITY}",
                "HR_STORAGE__credential is 'key'; only 'managedidentity' is known",
            ],
        ),
    ],
)
def test_an_identity_based_connection_needs_all_its_parts(env: dict[str, str], faults: list[str]) -> None:
    given = {f"HR_STORAGE__{name}": value for name, value in env.items()}
    assert faults_of({"PROVISIONING_ENDPOINT": URL} | given) == faults


@pytest.mark.parametrize(
    "host",
    [
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
        "GRAPH.MICROSOFT.COM:443",
    ],
)
def test_a_token_is_asked_for_the_cloud_that_it_goes_to(host: str) -> None:
    made = from_environment(GOOD | {"PROVISIONING_ENDPOINT": f"https://{host}/v1.0{PATH}"}).endpoints["default"]
    plain = host.lower().removesuffix(":443")
    assert made == endpoint(root=f"https://{host}/v1.0", scope=f"https://{plain}/.default")


@pytest.mark.parametrize("host", ["localhost:7071", "127.0.0.1:1", "[::1]:8080"])
def test_plain_http_goes_to_this_machine_only(host: str) -> None:
    made = from_environment(GOOD | {"PROVISIONING_ENDPOINT": f"http://{host}/beta{PATH}"}).endpoints["default"]
    assert made == endpoint(root=f"http://{host}/beta")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (URL.replace("https", "http"), CLOUDS),
        (URL.replace(".com", ".com.evil.example"), CLOUDS),
        (URL.replace("https://", "https://graph.microsoft.com@evil.example/"), CLOUDS),
        (URL.replace("https://", "https://graph.microsoft.com\\@evil.example/"), CLOUDS),
        (URL.replace(".com", ".com:8443"), CLOUDS),
        (URL.replace(".com", ".com:port"), "is not a URL"),
        ("https://[", "is not a URL"),
        ("ftp://localhost/", "must start with https:// or, on this machine, http://"),
        (URL.replace("https://", "https://me:secret@"), "must not carry a user name, a query or a fragment"),
        (f"{URL}?x=1", "must not carry a user name, a query or a fragment"),
        (f"{URL}#x", "must not carry a user name, a query or a fragment"),
        (f"{URL}/", PORTAL),
        (URL.replace("v1.0", "v2.0"), PORTAL),
        (URL.replace("bulkUpload", "start"), PORTAL),
        (URL.replace("11111111-aaaa", ""), PORTAL),
    ],
)
def test_a_token_goes_nowhere_else(url: str, fault: str) -> None:
    assert faults_of(GOOD | {"PROVISIONING_ENDPOINT": url}) == [f"PROVISIONING_ENDPOINT {fault}"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_is_loopback(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


NAMES = [
    "HR_STORAGE",
    "HR_STORAGE__blobServiceUri",
    "HR_STORAGE__queueServiceUri",
    "HR_STORAGE__tableServiceUri",
    "HR_STORAGE__credential",
    "PROVISIONING_ENDPOINT",
    "PROVISIONING_ENDPOINT__",
    "PROVISIONING_ENDPOINT__A",
    "ROLLCALL_BLOB_SOURCE",
    "ROLLCALL_LOG_SCHEDULE",
    "ROLLCALL_X",
    "KEY_VAULT_URI",
]
PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "localhost",
        "graph.microsoft.com",
        "[",
        "]",
        ":",
        "@",
        "/v1.0",
        PATH,
        "℀",
        "%",
        "0 0 0 0 0 0",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join)))
def test_no_environment_raises_anything_but_a_settings_error(env: dict[str, str]) -> None:
    with suppress(SettingsError):
        assert from_environment(GOOD | env).endpoints["default"].url.endswith("/bulkUpload")


def test_every_cloud_of_the_table_in_the_docs_is_one_that_the_settings_take() -> None:
    page = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): set(re.findall(r"`([a-z.-]+)`", row.split("|", 2)[2]))
            for row in page.splitlines() if row.startswith("|")}  # fmt: skip
    assert rows["Graph, the host of `PROVISIONING_ENDPOINT`"] == GRAPH_HOSTS
    assert rows["Topic for notices (`NOTIFY_TOPIC`)"] == set(TOPIC_HOSTS)
