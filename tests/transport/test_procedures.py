"""Operations of more than one request: what they send, what they leave behind, and that they don't meet."""

from __future__ import annotations

import anyio
import pytest
from attrs import define, field

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    DomainAction,
    InvalidArgument,
    InvalidRequest,
    NotSupported,
    Reply,
    ReplyNotUnderstood,
    Request,
    ServerDomains,
)
from tests.support.scripted import baidu_yes, form_lists, kuaishou_yes, script, sent
from tests.support.sides import BAIDU, KUAISHOU, SIDES, Side


@define
class Stored:
    """An imitated Kuaishou that gives up its turn between reading and writing, as a network does."""

    arrays: dict[str, list[str]] = field(
        factory=lambda: {name: [] for name in ("request", "socket", "upload_file", "download_file", "udp")}
    )
    requests: int = 0

    async def send(self, request: Request, *, timeout: float) -> Reply:
        self.requests += 1
        fields = sent(request)
        found = {name: list(hosts) for name, hosts in self.arrays.items()}
        await anyio.lowlevel.checkpoint()
        if fields.pop("action") == "get":
            return kuaishou_yes(**found)
        self.arrays = fields
        return kuaishou_yes(**fields)

    async def aclose(self) -> None:
        """Hold nothing."""


async def test_changes_of_one_app_made_at_once_lose_nothing() -> None:
    provider = Stored()
    client = KUAISHOU.client(provider)
    kinds = ("request", "socket", "upload", "download", "udp")
    async with anyio.create_task_group() as group:
        for kind in kinds:
            group.start_soon(client.set_server_domain, KUAISHOU.app, ServerDomains(**{kind: [f"{kind}.example.com"]}))
    assert provider.arrays == {
        "request": ["request.example.com"],
        "socket": ["socket.example.com"],
        "upload_file": ["upload.example.com"],
        "download_file": ["download.example.com"],
        "udp": ["udp.example.com"],
    }
    assert provider.requests == 10


async def test_clients_of_with_options_wait_for_each_other_too() -> None:
    provider = Stored()
    one = KUAISHOU.client(provider)
    other = one.with_options(timeout=5.0)
    async with anyio.create_task_group() as group:
        group.start_soon(one.set_server_domain, KUAISHOU.app, ServerDomains(request=["a.example.com"]))
        group.start_soon(other.set_server_domain, KUAISHOU.app, ServerDomains(udp=["a.example.com"]))
    assert (provider.arrays["request"], provider.arrays["udp"]) == (["a.example.com"], ["a.example.com"])


async def test_different_apps_dont_wait_for_each_other() -> None:
    inside = anyio.Event()

    async def hang(_request: Request) -> Reply:
        inside.set()
        await anyio.sleep_forever()
        raise AssertionError

    transport = script(hang, kuaishou_yes(request=[]), kuaishou_yes())
    client = KUAISHOU.client(transport, tokens={KUAISHOU.app: "a-token-of-one", "ks346": "a-token-of-another"})
    change = ServerDomains(request=["a.example.com"])
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.set_server_domain, KUAISHOU.app, change)
            await inside.wait()
            await client.set_server_domain("ks346", change)
            group.cancel_scope.cancel()
    assert len(transport.requests) == 3


async def test_kuaishou_gets_unchanged_what_isnt_given() -> None:
    stored = {"request": ["OLD.example.com"], "socket": ["http://odd one"], "upload_file": [], "udp": ["u.example.com"]}
    transport = script(kuaishou_yes(**stored), kuaishou_yes())
    await KUAISHOU.client(transport).set_server_domain(KUAISHOU.app, ServerDomains(request=["new.example.com"], udp=[]))
    assert [sent(request) for request in transport.requests] == [
        {"action": "get"},
        {
            "action": "set",
            "request": ["new.example.com"],
            "socket": ["http://odd one"],  # letter by letter: it is theirs
            "upload_file": [],
            "download_file": [],
            "udp": [],
        },
    ]


async def test_kuaishou_isnt_read_where_nothing_is_missing() -> None:
    transport = script(kuaishou_yes(), kuaishou_yes())
    client = KUAISHOU.client(transport)
    whole = ServerDomains(request=[], socket=[], upload=[], download=[], udp=["u.example.com"])
    await client.set_server_domain(KUAISHOU.app, whole)
    await client.set_server_domain(KUAISHOU.app, ServerDomains(udp=["v.example.com"]), action=DomainAction.ADD)
    assert transport.actions == ["set", "add"]


async def test_kuaishou_isnt_emptied_when_its_answer_holds_no_lists() -> None:
    transport = script(kuaishou_yes())
    with pytest.raises(ReplyNotUnderstood) as caught:
        await KUAISHOU.client(transport).set_server_domain(KUAISHOU.app, ServerDomains(request=["new.example.com"]))
    assert transport.actions == ["get"]
    assert caught.value.may_have_happened is False
    assert (caught.value.operation, caught.value.app) == ("set_server_domain", KUAISHOU.app)


async def test_baidu_is_sent_the_given_kinds_only() -> None:
    transport = script(baidu_yes())
    await BAIDU.client(transport).set_server_domain(
        BAIDU.app, ServerDomains(request=["a.example.com", "b.example.com"], socket=["wss://s.example.com"])
    )
    assert form_lists(transport.requests[0]) == {
        "action": ["set"],
        "request_domain": ["https://a.example.com", "https://b.example.com"],
        "socket_domain": ["wss://s.example.com"],
    }


async def test_baidu_kinds_are_emptied_by_naming_what_is_in_them() -> None:
    stored = baidu_yes(
        {"socket_domain": "wss://S.example.com,ws.example.com", "upload_domain": "", "request_domain": "x"}
    )
    transport = script(baidu_yes(), stored, baidu_yes())
    await BAIDU.client(transport).set_server_domain(
        BAIDU.app, ServerDomains(request=["a.example.com"], socket=(), upload=())
    )
    assert transport.actions == ["set", "get", "delete"]
    assert form_lists(transport.requests[2]) == {
        "action": ["delete"],
        "socket_domain": ["wss://S.example.com", "wss://ws.example.com"],
    }


async def test_baidu_kinds_that_are_empty_already_are_left_alone() -> None:
    transport = script(baidu_yes({"socket_domain": ""}))
    await BAIDU.client(transport).set_server_domain(BAIDU.app, ServerDomains(socket=()))
    assert transport.actions == ["get"]


@pytest.mark.parametrize("failure", [BAIDU.refused, ConnectionLost("cut", may_have_happened=True)], ids=["no", "cut"])
async def test_a_failure_after_the_first_step_may_have_happened(failure: Reply | ConnectionLost) -> None:
    transport = script(baidu_yes(), failure)
    with pytest.raises((InvalidRequest, ConnectionLost)) as caught:
        await BAIDU.client(transport, attempts=1).set_server_domain(
            BAIDU.app, ServerDomains(request=["a.example.com"], socket=())
        )
    assert caught.value.may_have_happened is True
    assert caught.value.operation == "set_server_domain"


@pytest.mark.parametrize(
    ("side", "first", "changed"),
    [(BAIDU, baidu_yes(), True), (KUAISHOU, KUAISHOU.hosts, False)],
    ids=["changed", "read"],
)
async def test_no_connection_after_the_first_step_isnt_nothing_sent(side: Side, first: Reply, *, changed: bool) -> None:
    """`ConnectFailed` promises that no attempt of the whole call was sent, so callers start again on it."""
    transport = script(first, ConnectFailed("no connection could be made"))
    domains = ServerDomains(request=["a.example.com"], socket=())
    with pytest.raises(ConnectionLost, match="a part of it was done, no connection could be made") as caught:
        await side.client(transport, attempts=1).set_server_domain(side.app, domains)
    assert (caught.value.may_have_happened, caught.value.retryable) == (changed, True)
    assert (caught.value.operation, caught.value.app) == ("set_server_domain", side.app)


async def test_no_connection_for_the_first_step_is_nothing_sent() -> None:
    transport = script(ConnectFailed("no connection could be made"))
    with pytest.raises(ConnectFailed) as caught:
        await KUAISHOU.client(transport, attempts=1).set_server_domain(KUAISHOU.app, ServerDomains(socket=()))
    assert caught.value.may_have_happened is False


async def test_a_failure_of_the_first_step_didnt_happen() -> None:
    transport = script(BAIDU.refused)
    with pytest.raises(InvalidRequest) as caught:
        await BAIDU.client(transport).set_server_domain(BAIDU.app, ServerDomains(request=["a.example.com"], socket=()))
    assert caught.value.may_have_happened is False


async def never_asked(_app: str) -> str:
    message = "a token was asked for"
    raise AssertionError(message)


@pytest.mark.parametrize("action", DomainAction)
async def test_what_baidu_cant_carry_is_refused_before_anything(action: DomainAction) -> None:
    transport = script()
    client = BAIDU.client(transport, tokens=never_asked)
    for domains in (
        ServerDomains(udp=["u.example.com"]),
        ServerDomains(request=["a.example.com"], udp=["u.example.com"]),
    ):
        with pytest.raises(NotSupported, match="udp") as caught:
            await client.set_server_domain(BAIDU.app, domains, action=action)
        assert (caught.value.provider, caught.value.operation) == ("baidu", "set_server_domain")
    assert transport.requests == []


@pytest.mark.parametrize("action", [DomainAction.ADD, DomainAction.DELETE])
@pytest.mark.parametrize("side", SIDES, ids=["baidu", "kuaishou"])
async def test_nothing_to_do_is_refused_before_anything(side: Side, action: DomainAction) -> None:
    transport = script()
    client = side.client(transport, tokens=never_asked)
    with pytest.raises(InvalidArgument):
        await client.set_server_domain(side.app, ServerDomains(request=()), action=action)
    with pytest.raises(InvalidArgument):
        await client.set_server_domain(side.app, ServerDomains(), action=action)
    with pytest.raises(InvalidArgument):
        await client.set_webview_domain(side.app, [], action=action)
    assert transport.requests == []
