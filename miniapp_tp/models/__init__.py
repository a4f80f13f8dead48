"""Domain values, the same for every provider: no wire names, no provider names in here."""

from miniapp_tp.models.categories import CategoryGroup, QualificationItem, QualificationRule, Subcategory
from miniapp_tp.models.domains import KINDS, SCHEMES, Received, ServerDomainChange, ServerDomains, WebviewDomainChange
from miniapp_tp.models.given import given_address, given_flag, given_member, given_text
from miniapp_tp.models.grants import Grant
from miniapp_tp.models.hosts import received_hosts, with_scheme
from miniapp_tp.models.images import Image
from miniapp_tp.models.info import AppInfo, Audit, Category, EditsLeft, OfApp, Subject
from miniapp_tp.models.outcomes import Done, Failed, Outcome
from miniapp_tp.models.settings import (
    CategoryChange,
    CategoryChoice,
    MobileAuthRequest,
    NameChange,
    NameQualifications,
    OfflineUpdate,
    QrCode,
    Qualification,
    QualifiedName,
)
from miniapp_tp.models.standing import MobileAuth, NameCheck, SupportVersions, Violation
from miniapp_tp.models.vocabulary import (
    AppStatus,
    AuditStatus,
    CategoryKind,
    DomainAction,
    ImageKind,
    MobileAuthReason,
    MobileAuthScene,
    MobileAuthStatus,
    NameCheckResult,
    SubjectType,
    Unknown,
)

__all__ = [
    "KINDS",
    "SCHEMES",
    "AppInfo",
    "AppStatus",
    "Audit",
    "AuditStatus",
    "Category",
    "CategoryChange",
    "CategoryChoice",
    "CategoryGroup",
    "CategoryKind",
    "DomainAction",
    "Done",
    "EditsLeft",
    "Failed",
    "Grant",
    "Image",
    "ImageKind",
    "MobileAuth",
    "MobileAuthReason",
    "MobileAuthRequest",
    "MobileAuthScene",
    "MobileAuthStatus",
    "NameChange",
    "NameCheck",
    "NameCheckResult",
    "NameQualifications",
    "OfApp",
    "OfflineUpdate",
    "Outcome",
    "QrCode",
    "Qualification",
    "QualificationItem",
    "QualificationRule",
    "QualifiedName",
    "Received",
    "ServerDomainChange",
    "ServerDomains",
    "Subcategory",
    "Subject",
    "SubjectType",
    "SupportVersions",
    "Unknown",
    "Violation",
    "WebviewDomainChange",
    "given_address",
    "given_flag",
    "given_member",
    "given_text",
    "received_hosts",
    "with_scheme",
]
