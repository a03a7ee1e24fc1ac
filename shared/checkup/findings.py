"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.context import Context
from shared.entra.management import CallRefused, Management, root_of
from shared.entra.token import Claims
from shared.errors import NoToken, RollcallError
from shared.settings import DEFAULT_JOB
from shared.storage.clients import code_of

OK = "ok"
WRONG = "wrong"
UNSEEN = "unseen"

_PLATFORM_IDENTITY = "IDENTITY_ENDPOINT"


@dataclass(frozen=True)
class Finding:
    """One line of the answer.

    Attributes:
        check: what was looked at.
        about: which one, if there are several: a container, a job, a source; else empty.
        state: `OK`; `WRONG`; or `UNSEEN`, if whoever looks may not see it, or there is nothing to see yet.
        says: what was found.
        mend: what to do about it; empty if it is as it should be.
    """

    check: str
    about: str
    state: str
    says: str
    mend: str = ""

    @property
    def name(self) -> str:
        """Check and what it is about."""
        return f"{self.check} {self.about}".rstrip()

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """What findings of one check have in common."""

    name: str
    about: str = ""

    def ok(self, says: str) -> Finding:
        """It is as it should be."""
        return Finding(self.name, self.about, OK, says)

    def wrong(self, says: str, mend: str) -> Finding:
        """It is not."""
        return Finding(self.name, self.about, WRONG, says, mend)

    def unseen(self, says: str, mend: str = "") -> Finding:
        """It cannot be seen."""
        return Finding(self.name, self.about, UNSEEN, says, mend)


@dataclass(frozen=True)
class View:
    """What whoever looks can look at.

    Attributes:
        context: the app's settings and what they lead to.
        environment: the variables of the process.
        principal: object id of the app's identity, if it is known.
    """

    context: Context
    environment: Mapping[str, str]
    principal: str = ""

    @property
    def is_the_app(self) -> bool:
        """Whether the app's own identity looks; a connection string may everything, as it may."""
        storage = self.context.settings.storage
        return bool(self.environment.get(_PLATFORM_IDENTITY)) or bool(storage.connection_string)

    def graph(self, job: str) -> Management:
        """The way to Graph, for a job."""
        endpoint = self.context.settings.endpoints[job]
        return self._ways.setdefault(
            job, Management(root_of(endpoint), self.context.graph.identity, self.context.clock)
        )

    @cached_property
    def _ways(self) -> dict[str, Management]:
        return {}

    @cached_property
    def first_job(self) -> str:
        """The job by which questions about the whole tenant are asked; empty if there is none."""
        endpoints = self.context.settings.endpoints
        return DEFAULT_JOB if DEFAULT_JOB in endpoints else next(iter(sorted(endpoints)), "")

    @cached_property
    def claims(self) -> Claims | None:
        """What the token for Graph says; None if it cannot be read.

        Raises:
            NoToken: there is none.
        """
        return self.graph(self.first_job).claims()

    def close(self) -> None:
        """Close the connections that were opened for looking."""
        for way in self._ways.values():
            way.close()


Look = Callable[[View], Iterator[Finding]]


def error_in_words(error: Exception) -> str:
    """Why something could not be looked at, without anybody's data."""
    if isinstance(error, CallRefused):
        code = f", {error.code}" if error.code else ""
        return f"Entra answered {error.status}{code}"
    if isinstance(error, NoToken):
        return "there is no token to be had"
    if isinstance(error, RollcallError):
        return str(error)
    if isinstance(error, ClientAuthenticationError):
        return "whoever is signed in is not accepted"
    if isinstance(error, HttpResponseError):
        return f"storage answered {error.status_code} ({code_of(error) or 'no code'})"
    if isinstance(error, AzureError):
        return f"storage cannot be reached ({type(error).__name__})"
    return type(error).__name__
