"""One asyncio interface to operate mini apps through a third-party application, on Baidu and Kuaishou."""

from miniapp_tp.bulk.address import open_journal
from miniapp_tp.bulk.crew import RunOptions
from miniapp_tp.bulk.each import each
from miniapp_tp.bulk.journal import Journal
from miniapp_tp.bulk.journal_postgres import PostgresJournal
from miniapp_tp.bulk.progress import Report
from miniapp_tp.bulk.run import Run
from miniapp_tp.bulk.sources import read_apps
from miniapp_tp.bulk.states import Item, State, Status
from miniapp_tp.client import BaiduClient, Fleet, KuaishouClient, MiniAppClient
from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    NoAnswer,
    NotFound,
    NotSupported,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
    StoreError,
    TicketMissing,
)
from miniapp_tp.models import (
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    DomainAction,
    Done,
    EditsLeft,
    Failed,
    Grant,
    Outcome,
    ServerDomains,
    Subject,
    SubjectType,
    Unknown,
)
from miniapp_tp.stores import PostgresStore, RedisStore, SealedStore, TokenStore, open_store
from miniapp_tp.transport.base import Transport
from miniapp_tp.transport.hooks import Attempt
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.transport.lane import Pace
from miniapp_tp.transport.options import Options
from miniapp_tp.transport.pacing import Pacing
from miniapp_tp.transport.tokens import TokenSource
from miniapp_tp.wire.endpoint import Endpoint
from miniapp_tp.wire.messages import Reply, Request, Secret

__all__ = [
    "Actor",
    "AppInfo",
    "AppStatus",
    "Attempt",
    "Audit",
    "AuditStatus",
    "AuthorizationLost",
    "BaiduClient",
    "Category",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "CredentialRejected",
    "DeadlineExceeded",
    "DomainAction",
    "Done",
    "EditsLeft",
    "Endpoint",
    "Failed",
    "Fleet",
    "Grant",
    "HttpxTransport",
    "InvalidArgument",
    "InvalidRequest",
    "Item",
    "Journal",
    "KuaishouClient",
    "MiniAppClient",
    "MiniAppError",
    "NoAnswer",
    "NotFound",
    "NotSupported",
    "Options",
    "Outcome",
    "Pace",
    "Pacing",
    "PermissionDenied",
    "PostgresJournal",
    "PostgresStore",
    "ProviderError",
    "ProviderUnavailable",
    "QuotaExhausted",
    "RateLimited",
    "RedisStore",
    "Reply",
    "ReplyNotUnderstood",
    "Report",
    "Request",
    "Run",
    "RunOptions",
    "Scope",
    "SealedStore",
    "Secret",
    "ServerDomains",
    "State",
    "Status",
    "StoreError",
    "Subject",
    "SubjectType",
    "TicketMissing",
    "TokenSource",
    "TokenStore",
    "Transport",
    "Unknown",
    "each",
    "open_journal",
    "open_store",
    "read_apps",
]
