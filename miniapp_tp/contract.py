"""What every provider has to say for itself: one typed field per operation, how it gives out tokens, how it pushes.

A provider that forgets an operation is a type error; one that lacks it says so with `absent("why")`.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, fields, frozen

from miniapp_tp.models import (
    AppInfo,
    CategoryChange,
    CategoryGroup,
    CategoryKind,
    Event,
    Image,
    Material,
    MobileAuth,
    MobileAuthRequest,
    NameChange,
    NameCheck,
    Of,
    OfflineUpdate,
    QrCode,
    QualifiedName,
    ServerDomainChange,
    ServerDomains,
    SitemapSubmission,
    SupportVersions,
    Violation,
    WebviewDomainChange,
)
from miniapp_tp.wire.endpoint import Absent, Endpoint, Operation
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.pushes import Answer, MissedPage, Pushed, PushKeys, Rejection, Span, Window


@frozen(kw_only=True)
class MaterialContract:
    """What can be done with materials and sitemaps, by the names of the methods."""

    submit_material: Operation[Of[Material], None]
    delete_material: Operation[Of[str], None]
    submit_sitemap: Operation[Of[SitemapSubmission], None]
    delete_sitemap: Operation[Of[str], None]

    def supports(self, operation: str) -> bool:
        """Tell whether an operation is there, by the name of its method."""
        names = {attribute.name for attribute in fields(type(self))}
        return operation in names and not isinstance(getattr(self, operation), Absent)


@frozen(kw_only=True)
class Contract(MaterialContract):
    """The operations of a provider, by the names of the clients' methods.

    The first five are everyone's; those up to `check_name` are methods of every client, whether its provider has them
    or not; the rest are methods of the clients of providers that have them.
    """

    get_info: Operation[None, AppInfo]
    get_server_domain: Operation[None, ServerDomains]
    set_server_domain: Operation[ServerDomainChange, None]
    get_webview_domain: Operation[None, tuple[str, ...]]
    set_webview_domain: Operation[WebviewDomainChange, None]
    set_name: Operation[NameChange, int | None]
    set_icon: Operation[str, int | None]
    set_description: Operation[str, int | None]
    set_categories: Operation[CategoryChange, int | None]
    list_categories: Operation[CategoryKind, tuple[CategoryGroup, ...]]
    pause: Operation[None, None]
    resume: Operation[None, None]
    get_qrcode: Operation[QrCode, bytes]
    check_name: Operation[str, NameCheck]
    set_name_with_qualifications: Operation[QualifiedName, int | None]
    check_name_with_qualifications: Operation[QualifiedName, NameCheck]
    get_support_version: Operation[None, SupportVersions]
    set_support_version: Operation[str, None]
    apply_recovery: Operation[str, None]
    update_offline: Operation[OfflineUpdate, int | None]
    apply_mobile_auth: Operation[MobileAuthRequest, None]
    cancel_mobile_auth: Operation[None, None]
    get_mobile_auth_status: Operation[None, MobileAuth]
    upload_image: Operation[Image, str]
    control_flow: Operation[bool, None]
    get_violations: Operation[None, tuple[Violation, ...]]

    def __attrs_post_init__(self) -> None:
        for name in OPERATIONS:
            operation = getattr(self, name)
            if isinstance(operation, Absent):
                object.__setattr__(self, name, evolve(operation, name=name))


_INHERITED = tuple(one.name for one in fields(MaterialContract))
OPERATIONS = (*(one.name for one in fields(Contract) if one.name not in _INHERITED), *_INHERITED)
"""The names of all operations, in the order of the contract."""


@frozen
class Issued:
    """A token or code that a provider gave out.

    Attributes:
        secret: The token or code.
        seconds: How long it lives.
    """

    secret: Secret
    seconds: float


@frozen(kw_only=True)
class Pair:
    """What an exchange or a refresh gives: the tokens of an app.

    Attributes:
        access: The access token.
        refresh: The refresh token, where the provider gave one.
        seconds: How long the access token lives.
        refresh_seconds: How long the refresh token lives, where the provider tells.
        app: The app, where the provider tells.
        permissions: What the merchant granted, where the provider tells.
    """

    access: Secret
    refresh: Secret | None
    seconds: float
    refresh_seconds: float | None = None
    app: str | None = None
    permissions: tuple[str, ...] | None = None


@frozen
class Identity:
    """Which app a token is for.

    Attributes:
        app: The app's id.
        permissions: What its merchant granted.
    """

    app: str
    permissions: tuple[str, ...]


@frozen(kw_only=True)
class TokenContract:
    """How a provider gives out tokens.

    Attributes:
        component_token: The ticket → the component's token. It refuses a ticket with `CredentialRejected`.
        pre_auth_code: A pre-auth code.
        exchange: An authorization code → an app's tokens. It refuses a spent code with `InvalidRequest`.
        refresh: A refresh token → new tokens. It refuses a spent one with `AuthorizationLost`.
        recover: An app's id → an authorization code for the grant that it has already given.
        start_push: Asks for tickets to be pushed.
        page: The address where a merchant authorizes; takes the pre-auth code and the address to come back to.
        refresh_life: Seconds that refresh tokens live, for those of which the provider didn't tell.
        app_of: Tells which app a token is for, and what its merchant granted, where an exchange doesn't.
    """

    component_token: Endpoint[Secret, Issued]
    pre_auth_code: Endpoint[None, Issued]
    exchange: Endpoint[Secret, Pair]
    refresh: Endpoint[Secret, Pair] | Absent
    recover: Endpoint[str, Issued]
    start_push: Endpoint[None, None] | Absent
    page: Callable[[Secret, str], str] | Absent
    refresh_life: float
    app_of: Endpoint[None, Identity] | Absent


@frozen(kw_only=True)
class MissedContract:
    """How a provider gives pushes again that it couldn't deliver.

    Attributes:
        endpoint: Gives some of the pushes of a span.
        span: The longest span, in seconds.
        reach: How far back it knows them, in seconds.
        open: Decrypts and reads one of them; nobody but the provider can have written it.
    """

    endpoint: Endpoint[Span, MissedPage]
    span: int
    reach: int
    open: Callable[[PushKeys, str], Event | Rejection]


@frozen(kw_only=True)
class PushContract:
    """How a provider pushes events.

    Attributes:
        key: The text of a message key → the key; `None` if it can't be one.
        key_form: What such a text looks like, in words.
        open: Verifies, decrypts and reads a message.
        read: A decrypted message, what tells it from others, and its component → the event.
        acknowledge: The answer that the provider expects.
        missed: How it gives pushes again that it couldn't deliver.
    """

    key: Callable[[str], bytes | None]
    key_form: str
    open: Callable[[PushKeys, Pushed, Window], Event | Rejection]
    read: Callable[[bytes, str, str | None], Event | Rejection]
    acknowledge: Callable[[Event], Answer]
    missed: MissedContract | Absent
