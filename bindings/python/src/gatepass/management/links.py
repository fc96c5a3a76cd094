"""Sign-in links, as far as they are managed: made, inspected and opened they are by the gate itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Optional, Union

from gatepass._arguments import checked
from gatepass._record import SLOTS
from gatepass.enums import AccountChange, LinkEnd, LinkState, Reason
from gatepass.management._namespace import WORD, Namespace, decode, decode_all
from gatepass.management.audit import AuditEvent


@dataclass(frozen=True, **SLOTS)
class LinkInspection:
    """A sign-in link as an operator, or a page that must not use it, sees it. Nothing here opens it."""

    #: Its public name, 24 hex characters.
    reference: str = field(metadata={WORD: "link"})
    state: LinkState
    #: Why it would be refused now, the person's and client's standing included; None if it would not.
    refusal: Optional[Reason]
    user_id: Optional[int]
    client_id: Optional[int]
    #: The name of the landing page.
    destination: Optional[str]
    #: The relative path of the landing page.
    landing: str
    #: What waits there, in words for the person.
    title: Optional[str]
    #: The mailing.
    label: Optional[str]
    #: The credential that made it.
    credential_id: int
    #: On whose behalf it was made.
    actor: Optional[str]
    created_at: datetime
    #: When its life ends.
    expires_at: datetime
    #: How often it may be used.
    uses: int
    #: How often it was.
    used: int
    first_opened_at: Optional[datetime]
    last_opened_at: Optional[datetime]
    #: Whether its use ends the others of its label and person.
    end_siblings: bool
    #: When it was ended before its time.
    ended_at: Optional[datetime]
    #: Why.
    ended_by: Optional[LinkEnd]


@dataclass(frozen=True, **SLOTS)
class LinkExplanation:
    """The whole story of one sign-in link."""

    link: LinkInspection
    #: In plain words, in the order of time.
    story: tuple[str, ...]
    #: The audit events about it.
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True, **SLOTS)
class EndedLinks:
    """How many links ended that could still be used."""

    ended: int


@dataclass(frozen=True, **SLOTS)
class RefusalCount:
    """How often something was refused for one reason."""

    reason: Reason
    count: int


@dataclass(frozen=True, **SLOTS)
class LinkMoment:
    """What happened in one hour or day."""

    #: When it began.
    at: datetime
    created: int
    #: Uses.
    openings: int
    #: Links whose life ended unused.
    expired: int
    #: Links ended before their time.
    ended: int
    #: Visits and attempts refused.
    refused: int


@dataclass(frozen=True, **SLOTS)
class LinkReportRow:
    """What became of the links of one mailing."""

    #: The mailing; None for links without a label.
    label: Optional[str]
    created: int
    #: Links that were used for the first time.
    opened: int
    #: Uses, the first ones included.
    openings: int
    #: Links whose life ended before they were used at all.
    expired: int
    #: Links that can be used now.
    live: int
    revoked: int
    superseded: int
    outdated: int
    #: Visits to links and attempts to open them that were refused.
    refused: tuple[RefusalCount, ...]
    #: Attempts to make a link that were refused.
    not_created: tuple[RefusalCount, ...]
    #: The same by hours or days; those in which nothing happened are left out.
    over_time: tuple[LinkMoment, ...]


@dataclass(frozen=True, **SLOTS)
class LinkReport:
    """What became of sign-in links."""

    from_: datetime = field(metadata={WORD: "from"})
    to: datetime
    #: How long a step of ``over_time`` is: an hour or a day of UTC.
    step_seconds: int
    #: One row for each mailing, by name; links without a label come first.
    labels: tuple[LinkReportRow, ...]


class Links(Namespace):
    """Sign-in links. Each is named by its text, its URL or its public name."""

    __slots__ = ()

    @checked
    def list(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        label: Optional[str] = None,
        live: bool = False,
        before: Optional[str] = None,
        limit: int = 100,
    ) -> tuple[LinkInspection, ...]:
        """List links, newest first. ``refusal`` leaves the person's standing out here.

        Args:
            user_id: Only of this user.
            client_id: Only of this client.
            credential_id: Only of this credential.
            label: Only of this mailing.
            live: Only those that could be opened now.
            before: Only those before the one of this public name: the last of the page before.
            limit: At most so many, 1 to 1,000.

        Raises:
            InvalidArgument: An id, ``before`` or ``limit``.
        """
        answer = self._ask(
            "link.list",
            user_id=user_id,
            client_id=client_id,
            credential_id=credential_id,
            label=label,
            live=live,
            before=before,
            limit=limit,
        )
        return decode_all(LinkInspection, answer)

    @checked
    def each(
        self,
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        credential_id: Optional[int] = None,
        label: Optional[str] = None,
        live: bool = False,
        page_size: int = 1000,
    ) -> Iterator[LinkInspection]:
        """All links that match, newest first; pages are fetched as they are needed."""
        before: Optional[str] = None
        while True:
            page = self.list(
                user_id=user_id,
                client_id=client_id,
                credential_id=credential_id,
                label=label,
                live=live,
                before=before,
                limit=page_size,
            )
            if not page:
                return
            yield from page
            before = page[-1].reference

    @checked
    def explain(self, link: str) -> LinkExplanation:
        """Tell the whole story of one link.

        Raises:
            Refused: ``link_unknown``.
            InvalidArgument: ``link``.
        """
        return decode(LinkExplanation, self._ask("link.explain", link=link))

    @checked
    def revoke(
        self,
        *,
        link: Optional[str] = None,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
        label: Optional[str] = None,
        credential_id: Optional[int] = None,
    ) -> EndedLinks:
        """Revoke links that could still be used: one, or all of a user, client, mailing or credential.

        Exactly one argument is needed.

        Raises:
            Refused: For a single one ``link_unknown``, or ``link_used`` when it is too late.
            InvalidArgument: ``link`` or an id.
        """
        answer = self._ask(
            "link.revoke",
            link=link,
            user_id=user_id,
            client_id=client_id,
            label=label,
            credential_id=credential_id,
        )
        return decode(EndedLinks, answer)

    @checked
    def account_changed(
        self,
        changed: Union[AccountChange, str],
        *,
        user_id: Optional[int] = None,
        client_id: Optional[int] = None,
    ) -> EndedLinks:
        """End the links of somebody whose e-mail address or password was changed in the application.

        Exactly one of the two ids is needed. ``gate.users.set_email`` does it by itself.

        Raises:
            InvalidArgument: ``changed`` or an id.
        """
        answer = self._ask("link.account_changed", changed=changed, user_id=user_id, client_id=client_id)
        return decode(EndedLinks, answer)

    @checked
    def report(self, *, label: Optional[str] = None, days: int = 30) -> LinkReport:
        """Tell what became of the links of one mailing, or of each.

        Args:
            label: Only this mailing.
            days: The last so many, 1 to 3,650.

        Raises:
            InvalidArgument: ``label`` or ``days``.
        """
        return decode(LinkReport, self._ask("link.report", label=label, days=days))
