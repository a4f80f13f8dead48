"""Both providers, side by side: what the same things look like at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from miniapp_tp import BaiduClient, DomainAction, KuaishouClient, MiniAppClient, Options, Reply, ServerDomains
from miniapp_tp.client.component import ComponentClient
from tests.support.scripted import baidu_no, baidu_yes, gateway_no, kuaishou_no, kuaishou_yes

if TYPE_CHECKING:
    from miniapp_tp.transport.base import Transport
    from miniapp_tp.transport.hooks import Hook
    from miniapp_tp.transport.tokens import OwnTokens

TOKEN: Final = "a-token-of-the-app"


@frozen
class Side:
    """A provider, for tests of what all have in common.

    Attributes:
        name: Its name.
        kind: Its client's class.
        component: A component's id.
        app: An app's id.
        info: A yes to `get_info`, for an app called `a name`.
        hosts: A yes to `get_server_domain`, with `a.example.com` as only request domain.
        webview: A yes to `get_webview_domain`, with `a.example.com`.
        done: A yes to a change.
        rejected: The token isn't valid.
        rate: Too fast.
        not_there: What is to be deleted isn't there.
        refused: A host that isn't registered.
        revoked: The grant is gone.
    """

    name: str
    kind: Callable[..., ComponentClient] = field(repr=False)
    component: str
    app: str
    info: Reply
    hosts: Reply
    webview: Reply
    done: Reply
    rejected: Reply
    rate: Reply
    not_there: Reply
    refused: Reply
    revoked: Reply

    def client(
        self,
        transport: Transport | None,
        *,
        tokens: OwnTokens | None = None,
        hooks: Iterable[Hook] = (),
        base_url: str | None = None,
        **options: Any,  # noqa: ANN401 - whatever a caller may give
    ) -> ComponentClient:
        address = {} if base_url is None else {"base_url": base_url}
        given = tokens if tokens is not None else {self.app: TOKEN}
        chosen: dict[str, Any] = {"backoff": 0.0, **options}
        return self.kind(
            self.component, tokens=given, transport=transport, options=Options(**chosen), hooks=hooks, **address
        )


BAIDU: Final = Side(
    name="baidu",
    kind=BaiduClient,
    component="a-client-id",
    app="15263713",
    info=baidu_yes({"app_name": "a name", "status": 1}),
    hosts=baidu_yes({"request_domain": "https://a.example.com", "socket_domain": ""}),
    webview=baidu_yes("https://a.example.com"),
    done=baidu_yes(),
    rejected=gateway_no(111),
    rate=gateway_no(18),
    not_there=baidu_no(470017),
    refused=baidu_no(470016),
    revoked=baidu_no(50032),
)
KUAISHOU: Final = Side(
    name="kuaishou",
    kind=KuaishouClient,
    component="ks000000000000000001",
    app="ks345",
    info=kuaishou_yes(app_name="a name", status=2),
    hosts=kuaishou_yes(request=["a.example.com"], socket=[], upload_file=[], download_file=[], udp=[]),
    webview=kuaishou_yes(webview=["a.example.com"]),
    done=kuaishou_yes(),
    rejected=kuaishou_no(100200108),
    rate=kuaishou_no(100200410),
    not_there=kuaishou_no(403106),
    refused=kuaishou_no(100200100),
    revoked=kuaishou_no(100200109),
)
SIDES: Final = (BAIDU, KUAISHOU)

ALL_KINDS: Final = ServerDomains(
    request=["a.example.com"], socket=["a.example.com"], upload=["a.example.com"], download=["a.example.com"], udp=[]
)
Call = Callable[[MiniAppClient, str], Any]


def whole_set(side: Side) -> ServerDomains:
    """Name kinds so that a `SET` is one request."""
    return ALL_KINDS if side is KUAISHOU else ServerDomains(request=["a.example.com"])


def delete(*hosts: str) -> Call:
    """Delete request domains."""
    return lambda client, app: client.set_server_domain(app, ServerDomains(request=hosts), action=DomainAction.DELETE)


def delete_webview(*hosts: str) -> Call:
    """Delete webview domains."""
    return lambda client, app: client.set_webview_domain(app, hosts, action=DomainAction.DELETE)
