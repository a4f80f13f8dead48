"""Domain values, the same for every provider: no wire names, no provider names in here."""

from miniapp_tp.models.domains import KINDS, SCHEMES, Received, ServerDomainChange, ServerDomains, WebviewDomainChange
from miniapp_tp.models.events import (
    AppAuthorizationUpdated,
    AppAuthorized,
    AppStatusChanged,
    AppUnauthorized,
    AuditFinished,
    AuditSubject,
    Event,
    TicketPushed,
    UrlVerification,
)
from miniapp_tp.models.grants import Grant
from miniapp_tp.models.hosts import received_hosts, with_scheme
from miniapp_tp.models.info import AppInfo, Audit, Category, EditsLeft, OfApp, Subject
from miniapp_tp.models.materials import (
    Material,
    MaterialSubType,
    MaterialType,
    SitemapFrequency,
    SitemapSubmission,
    SitemapType,
)
from miniapp_tp.models.messages import Broadcast, FeedCard, FeedSubmission, FeedTemplate, Keyword, Message, Push
from miniapp_tp.models.outcomes import Done, Failed, Outcome
from miniapp_tp.models.vocabulary import AppStatus, AuditStatus, DomainAction, SubjectType, Unknown

__all__ = [
    "KINDS",
    "SCHEMES",
    "AppAuthorizationUpdated",
    "AppAuthorized",
    "AppInfo",
    "AppStatus",
    "AppStatusChanged",
    "AppUnauthorized",
    "Audit",
    "AuditFinished",
    "AuditStatus",
    "AuditSubject",
    "Broadcast",
    "Category",
    "DomainAction",
    "Done",
    "EditsLeft",
    "Event",
    "Failed",
    "FeedCard",
    "FeedSubmission",
    "FeedTemplate",
    "Grant",
    "Keyword",
    "Material",
    "MaterialSubType",
    "MaterialType",
    "Message",
    "OfApp",
    "Outcome",
    "Push",
    "Received",
    "ServerDomainChange",
    "ServerDomains",
    "SitemapFrequency",
    "SitemapSubmission",
    "SitemapType",
    "Subject",
    "SubjectType",
    "TicketPushed",
    "Unknown",
    "UrlVerification",
    "WebviewDomainChange",
    "received_hosts",
    "with_scheme",
]
