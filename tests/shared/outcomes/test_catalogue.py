from __future__ import annotations

import pytest

from shared.model import Actor
from shared.outcomes.catalogue import Explanation, cause_of

PUBLISHED = [
    "Conflict",
    "EntryConflict",
    "TooManyRequests",
    "InternalServerError",
    "InsufficientRights",
    "MethodNotAllowed",
    "NotPermitted",
    "Unauthorized",
    "UnprocessableEntity",
    "WebExceptionProtocolError",
    "InvalidAnchor",
    "NotImplemented",
    "MandatoryFieldsMissing",
    "MissingValues",
    "SchemaAttributeNotFound",
    "InternalError",
    "InvalidDomain",
    "Timeout",
    "LicenseLimitExceeded",
    "DuplicateTargetEntries",
    "DuplicateSourceEntries",
    "ImportSkipped",
    "EntrySynchronizationSkipped",
    "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
    "SystemForCrossDomainIdentityManagementServiceIncompatible",
    "SchemaPropertyCanOnlyAcceptValue",
    "AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService",
    "AzureDirectoryB2BManagementPolicyCheckFailure",
    "AzureActiveDirectoryQuotaLimitExceeded",
    "InvitationCreationFailure",
    "AzureActiveDirectoryForbidden",
    "InvitationCreationFailureInvalidPropertyValue",
    "InvitationCreationFailureAmbiguousUser",
    "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises",
    "AzureActiveDirectoryInvalidUserPrincipalName",
    "HybridSynchronizationActiveDirectoryCannotFindAttribute",
    "InvalidAttributeSyntax",
    "UnableToResolveReferenceAttributeValue",
]
"""The codes of the reference of the provisioning logs (provisioning and cross-tenant synchronization), of the
troubleshooting pages of API-driven provisioning and of those on updates of users and managers."""


def known(code: str) -> Explanation:
    cause = cause_of(code)
    assert cause is not None, code
    return cause


@pytest.mark.parametrize("code", PUBLISHED)
def test_every_published_code_has_an_explanation_a_next_step_and_somebody_who_acts(code: str) -> None:
    cause = known(code)
    assert cause.meaning
    assert not cause.meaning.endswith(".")
    assert cause.meaning.format(domain="x")
    assert cause.next_step.endswith(".")
    assert cause.who_acts in (Actor.HR, Actor.IT, Actor.NOBODY)
    assert ("Nothing to do" if cause.ours else f"{cause.who_acts} ") in cause.next_step


def test_only_what_passes_by_itself_is_entras_own() -> None:
    assert {code for code in PUBLISHED if known(code).ours} == {
        "TooManyRequests",
        "InternalServerError",
        "WebExceptionProtocolError",
        "InternalError",
        "Timeout",
    }


@pytest.mark.parametrize(
    ("code", "like"),
    [
        ("invaliddomain", "InvalidDomain"),
        ("ContosoEntryConflict", "EntryConflict"),
        ("AzureActiveDirectoryTimeout", "Timeout"),
        ("Microsoft Entra IDQuotaLimitExceeded", "AzureActiveDirectoryQuotaLimitExceeded"),
        ("InvalidUserPrincipalName", "AzureActiveDirectoryInvalidUserPrincipalName"),
    ],
)
def test_a_code_is_known_in_any_case_and_behind_the_name_of_an_application(code: str, like: str) -> None:
    assert known(code) == known(like)


@pytest.mark.parametrize("code", ["", "  ", "OfTheFuture", "Conflicting"])
def test_an_unknown_code_is_not_explained(code: str) -> None:
    assert cause_of(code) is None
