"""Entra's error codes: what each means for a person, what to do, and who does it.

The codes are those of Microsoft's reference of the provisioning logs and of the troubleshooting pages of API-driven
provisioning. Entra puts names of applications in front of some of them, so the end of a code decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.model import Actor


@dataclass(frozen=True)
class Explanation:
    """What an error code means.

    Attributes:
        meaning: why the account was not written; follows a colon. `{domain}` stands for the domain of the user name.
        next_step: what to do about it.
        who_acts: HR, IT or nobody.
        ours: the fault is Entra's own and passes; sending the same again is all there is to do.
    """

    meaning: str
    next_step: str
    who_acts: Actor
    ours: bool = False


_WAIT = "Nothing to do."
_MAPPING = "IT corrects the attribute mapping of the provisioning job."
_RIGHTS = "IT checks the permissions of the provisioning app and the roles that the account to be changed has."
_DUPLICATE = (
    "HR checks whether the person or the user name is in the file twice or changed; IT looks for another account with "
    "the same user name, mail address or employee id."
)

OWN_DOMAIN = "IT corrects the domain in the mapping, where it stands for everybody, or verifies it in the tenant."
"""What to do about a domain that no file of HR's names."""

_CAUSES: dict[tuple[str, ...], Explanation] = {
    ("Conflict", "EntryConflict"): Explanation(
        "another account has a value that must be unique, such as the user name or a mail address",
        _DUPLICATE,
        Actor.IT,
    ),
    ("TooManyRequests",): Explanation("Entra was busy and turned the change away", _WAIT, Actor.NOBODY, ours=True),
    ("InternalServerError", "WebExceptionProtocolError", "InternalError"): Explanation(
        "a fault inside Entra", _WAIT, Actor.NOBODY, ours=True
    ),
    ("Timeout",): Explanation("Entra took too long", _WAIT, Actor.NOBODY, ours=True),
    ("InsufficientRights", "MethodNotAllowed", "NotPermitted", "Unauthorized"): Explanation(
        "the provisioning job may not change this account", _RIGHTS, Actor.IT
    ),
    ("UnprocessableEntity",): Explanation(
        "the directory did not take a value, often one that is too long or of the wrong form",
        "HR corrects the value that Entra names, or IT shortens it in the mapping.",
        Actor.HR,
    ),
    ("NotImplemented",): Explanation(
        "the directory does not know how to do what the job asked for",
        "IT checks the configuration of the provisioning job.",
        Actor.IT,
    ),
    ("InvalidAnchor",): Explanation(
        "the account that this person had was deleted, and the job still looks for it",
        "IT deletes the person's object connection of the job, or restarts the job; then the person is sent again.",
        Actor.IT,
    ),
    ("MandatoryFieldsMissing", "MissingValues"): Explanation(
        "a new account needs a value that HR's record does not have",
        "HR fills in what Entra names, or IT gives it a default in the mapping.",
        Actor.HR,
    ),
    ("SchemaAttributeNotFound",): Explanation(
        "the job writes an attribute that the directory does not have", _MAPPING, Actor.IT
    ),
    ("InvalidDomain",): Explanation(
        "the domain {domain} is not in the tenant",
        "HR corrects the domain of the user name, or IT adds it to the tenant as a verified domain.",
        Actor.HR,
    ),
    ("LicenseLimitExceeded",): Explanation(
        "there is no licence left", "IT gets more licences or frees some.", Actor.IT
    ),
    ("DuplicateTargetEntries",): Explanation(
        "more than one account in the directory has this person's employee id",
        "IT finds the accounts with this employee id and takes it off all but the right one.",
        Actor.IT,
    ),
    ("DuplicateSourceEntries",): Explanation(
        "more than one person of the source has this matching value",
        "HR checks whether two people share an id.",
        Actor.HR,
    ),
    ("ImportSkipped",): Explanation(
        "the record lacks the value by which the job finds accounts",
        "IT compares the matching attribute of the job with what the mapping sends.",
        Actor.IT,
    ),
    ("EntrySynchronizationSkipped",): Explanation(
        "the job's scoping filter leaves this person out, or there was nothing to do",
        "IT checks the scoping filter of the provisioning job, if this person should have an account.",
        Actor.IT,
    ),
    ("SchemaPropertyCanOnlyAcceptValue",): Explanation(
        "the job writes several values into an attribute that takes one", _MAPPING, Actor.IT
    ),
    (
        "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
        "SystemForCrossDomainIdentityManagementServiceIncompatible",
    ): Explanation(
        "the directory answered the job in a way that the job does not understand",
        "IT opens a support case with Microsoft, with the request id of this row.",
        Actor.IT,
    ),
    ("InvalidUserPrincipalName", "AzureActiveDirectoryInvalidUserPrincipalName"): Explanation(
        "the user name is not one that Entra takes",
        "HR corrects the user name (letters and digits without accents, a domain of the tenant), or IT the mapping.",
        Actor.HR,
    ),
    ("AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService",): Explanation(
        "another service, such as Exchange, owns a value that was to be written",
        "IT takes that attribute out of the mapping of the provisioning job.",
        Actor.IT,
    ),
    ("AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises",): Explanation(
        "the account comes from Active Directory, and only that can change it",
        "IT provisions this person to Active Directory, or takes the person out of scope.",
        Actor.IT,
    ),
    ("AzureActiveDirectoryQuotaLimitExceeded",): Explanation(
        "the tenant holds as many objects as it may", "IT has the directory's quota raised.", Actor.IT
    ),
    ("AzureActiveDirectoryForbidden",): Explanation("a policy of the tenant forbids it", _RIGHTS, Actor.IT),
    (
        "AzureDirectoryB2BManagementPolicyCheckFailure",
        "InvitationCreationFailure",
        "InvitationCreationFailureInvalidPropertyValue",
        "InvitationCreationFailureAmbiguousUser",
    ): Explanation(
        "the job tried to invite a guest, which a job for HR's people should not do",
        "IT checks that this is an API-driven provisioning job and what its mapping says of the user type.",
        Actor.IT,
    ),
    ("HybridSynchronizationActiveDirectoryCannotFindAttribute",): Explanation(
        "the provisioning agent does not know an attribute of Active Directory",
        "IT restarts the provisioning agent, which reads the schema then.",
        Actor.IT,
    ),
    ("InvalidAttributeSyntax",): Explanation(
        "Active Directory did not take a value, often an empty one",
        "IT checks the attribute that Entra names in the mapping of the job.",
        Actor.IT,
    ),
    ("UnableToResolveReferenceAttributeValue",): Explanation(
        "the job does not know the manager yet", "HR checks the manager's id.", Actor.HR
    ),
}

_DOMAIN = "invaliddomain"
_BY_CODE = {code.lower(): cause for codes, cause in _CAUSES.items() for code in codes}
# The longest first: what ends in EntryConflict ends in Conflict too.
_ENDINGS = sorted(_BY_CODE, key=len, reverse=True)
_PREFIXED = "microsoft entra id"  # the reference prints it in place of AzureActiveDirectory


def is_about_domain(code: str) -> bool:
    """Whether a code says that the domain of the user name is not in the tenant."""
    return code.strip().lower().endswith(_DOMAIN)


def cause_of(code: str) -> Explanation | None:
    """What a code means; None of one that is not in the catalogue: then Entra's own words are all there is."""
    wanted = code.strip().lower().replace(_PREFIXED, "azureactivedirectory").replace(" ", "")
    if not wanted:
        return None
    if found := _BY_CODE.get(wanted):
        return found
    return next((_BY_CODE[ending] for ending in _ENDINGS if wanted.endswith(ending)), None)
