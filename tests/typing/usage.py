"""Typed usage of the public face. It isn't run: mypy and basedpyright check it with the rest (`make types`).

What is wrong on purpose carries a `type: ignore`, which mypy calls unused as soon as it isn't wrong any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, assert_never, assert_type

from miniapp_tp import (
    AppAuthorizationUpdated,
    AppAuthorized,
    AppInfo,
    AppStatus,
    AppStatusChanged,
    AppUnauthorized,
    Attempt,
    Audit,
    AuditFinished,
    AuditSubject,
    BaiduClient,
    Category,
    CategoryChoice,
    CategoryGroup,
    CategoryKind,
    DomainAction,
    Done,
    Endpoint,
    Event,
    Failed,
    Fleet,
    HttpxTransport,
    ImageKind,
    KuaishouClient,
    MiniAppClient,
    MobileAuthReason,
    MobileAuthScene,
    MobileAuthStatus,
    NameCheckResult,
    NameQualifications,
    Options,
    Outcome,
    ProviderError,
    Qualification,
    RateLimited,
    Reply,
    Request,
    Secret,
    ServerDomains,
    Subject,
    TicketPushed,
    TokenSource,
    Transport,
    Unknown,
    UrlVerification,
    Violation,
    each,
    open_store,
)


async def methods(client: MiniAppClient) -> None:
    assert_type(await client.get_info("1"), AppInfo)
    assert_type(await client.get_server_domain("1"), ServerDomains)
    assert_type(await client.get_webview_domain("1"), tuple[str, ...])
    await client.set_server_domain("1", ServerDomains(request=["a.example.com"]))
    await client.set_server_domain("1", ServerDomains(socket=("a",), udp=None), action=DomainAction.ADD)
    await client.set_webview_domain("1", ["a.example.com"])
    await client.set_webview_domain("1", (host for host in "ab"), action=DomainAction.DELETE)
    assert_type(client.supports("get_info"), bool)


async def what_a_provider_may_lack(client: MiniAppClient) -> None:
    assert_type(await client.set_name("1", "name", materials=["https://img.example.com/1.png"]), int | None)
    assert_type(await client.set_icon("1", "https://img.example.com/1.png"), int | None)
    assert_type(await client.set_description("1", "text"), int | None)
    choices = [CategoryChoice(2, [Qualification(1, "https://img.example.com/1.png")]), CategoryChoice("3")]
    assert_type(await client.set_categories("1", choices), int | None)
    assert_type(await client.set_categories("1", [2, "3"]), int | None)
    assert_type(await client.list_categories("1", kind=CategoryKind.PERSONAL), tuple[CategoryGroup, ...])
    assert_type(await client.get_qrcode("1", path="pages/index", package_id=7, width=430), bytes)
    assert_type((await client.check_name("1", "name")).result, NameCheckResult | Unknown)
    await client.pause("1")
    await client.resume("1")
    await client.list_categories("1", kind=2)  # type: ignore[arg-type]
    await client.control_flow("1", open=True)  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def what_only_baidu_has(client: BaiduClient) -> None:
    address = await client.upload_image(b"", kind=ImageKind.NAME_MATERIAL)
    assert_type(address, str)
    papers = NameQualifications(trademark=[address])
    assert_type(await client.set_name_with_qualifications("1", "name", papers), int | None)
    assert_type((await client.check_name_with_qualifications("1", "name")).words, tuple[str, ...])
    assert_type((await client.get_support_version("1")).available, tuple[str, ...])
    assert_type(await client.update_offline("1", name="name", name_materials=[address]), int | None)
    await client.apply_mobile_auth(
        "1", reason=MobileAuthReason.LOGIN, scene=MobileAuthScene.SHOPPING, description="text", demo_url=address
    )
    assert_type((await client.get_mobile_auth_status("1")).status, MobileAuthStatus | Unknown)
    assert_type(await client.get_violations("1"), tuple[Violation, ...])


async def mistakes(client: MiniAppClient) -> None:
    await client.get_info(15263713)  # type: ignore[arg-type]
    await client.set_server_domain("1", {"request": []})  # type: ignore[arg-type]
    await client.set_server_domain("1", ServerDomains(), "set")  # type: ignore[call-arg, misc, arg-type, unused-ignore]
    await client.set_webview_domain("1", [], action="set")  # type: ignore[arg-type]
    BaiduClient("key", store_url="")  # type: ignore[call-arg]


def info(found: AppInfo) -> None:
    assert_type(found.app, str)
    assert_type(found.name, str | None)
    assert_type(found.status, AppStatus | Unknown)
    assert_type(found.subject, Subject | None)
    assert_type(found.categories, tuple[Category, ...])
    assert_type(found.name_audit, Audit | None)
    assert_type(found.edits_left.name, int | None)
    assert_type(found.raw, Mapping[str, Any])


async def ask(app: str) -> str:
    return app


class Cache:
    async def get(self, app: str) -> str:
        return app

    async def reject(self, app: str, token: str) -> None:
        raise NotImplementedError


class Wire:
    async def send(self, request: Request, *, timeout: float) -> Reply:
        return Reply(200, {"retry-after": "1"}, b"{}")

    async def aclose(self) -> None:
        raise NotImplementedError


class OurOwn(ProviderError):
    pass


def watch(attempt: Attempt) -> None:
    assert_type(attempt.retry_in, float | None)
    assert_type(attempt.code, int | str | None)
    assert_type(attempt.status, int | None)


seen: list[Attempt] = []
source: TokenSource = Cache()
wire: Transport = Wire()
default_wire: Transport = HttpxTransport(proxy="http://proxy.example:3128", verify="ca.pem")


def clients() -> Fleet:
    BaiduClient("key", tokens={"1": "token"})
    BaiduClient("key", tokens=ask, hooks=[watch, seen.append], options=Options(timeout=5, attempts=1))
    BaiduClient("key", tokens=Cache(), transport=Wire(), error_codes={470099: OurOwn, "word": RateLimited})
    baidu = BaiduClient("key", tokens=source, transport=wire, base_url="http://127.0.0.1:8087")
    kuaishou = KuaishouClient("ks1", Secret("secret"), tokens={"ks2": "token"})
    KuaishouClient("ks1", "secret", tokens=ask)
    BaiduClient("key", store=open_store("memory://"), options=Options(follow=True))
    assert_type(baidu.with_options(timeout=5.0), BaiduClient)
    assert_type(kuaishou.with_options(timeout=5.0), KuaishouClient)
    Fleet({"one": baidu, "other": kuaishou})
    return Fleet([baidu, kuaishou])


async def contexts() -> None:
    async with BaiduClient("key", tokens=ask) as baidu:
        assert_type(baidu, BaiduClient)
        async with baidu.keeper():
            pass
    async with clients() as fleet:
        assert_type(fleet, Fleet)
        await methods(fleet)


def numbers(_app: str, data: Any) -> list[int]:  # noqa: ANN401 - whatever a caller may give
    return [int(number) for number in data]


async def own_endpoints(client: MiniAppClient) -> None:
    by_page = Endpoint[int, list[int]](
        name="list_numbers", path="/numbers", encode=lambda page: {"page": page}, decode=numbers
    )
    assert_type(await client.call(by_page, "1", 5), list[int])
    await client.call(by_page, "1", "5")  # type: ignore[misc]


async def several() -> AsyncIterator[str]:
    yield "1"


async def bulk(client: MiniAppClient) -> None:
    async with each(client.get_info, ["1", "2"], concurrency=5, catch=(RateLimited, KeyError)) as outcomes:
        assert_type(outcomes, AsyncIterator[Outcome[AppInfo]])
        async for outcome in outcomes:
            match outcome:
                case Done(app, value):
                    assert_type(app, str)
                    assert_type(value, AppInfo)
                case Failed(app, error):
                    assert_type(app, str)
                    assert_type(error, Exception)
                case _:
                    assert_never(outcome)
    change = ServerDomains(request=["a.example.com"])
    async with each(lambda app: client.set_server_domain(app, change), several()) as settled:
        async for one in settled:
            assert_type(one, Done[None] | Failed)


async def bulk_mistakes(client: MiniAppClient) -> None:
    async with each(client.get_info, [1, 2]):  # type: ignore[list-item]
        pass
    async with each(client.supports, ["1"]):  # type: ignore[arg-type]
        pass


def pushes(client: BaiduClient | KuaishouClient, headers: Mapping[str, str], body: bytes) -> None:
    event = client.open_push(headers, body)
    assert_type(event, Event)
    client.open_push([("kwaisign", "0")], body, "echoStr=a", now=1.5)
    client.open_push([(b"kwaisign", b"0")], body, b"echoStr=a")
    client.open_push(headers, "text")  # type: ignore[arg-type]
    assert_type(client.acknowledge(event), tuple[int, dict[str, str], bytes])
    match event:
        case TicketPushed():
            assert_type(event.ticket, str)
        case AppAuthorized(authorization_code=code) | AppAuthorizationUpdated(authorization_code=code):
            assert_type(code, str)
        case AppUnauthorized():
            assert_type(event.app, str | None)
        case AuditFinished():
            assert_type(event.subject, AuditSubject | Unknown)
            assert_type(event.passed, bool)
        case AppStatusChanged():
            assert_type(event.status, AppStatus | Unknown)
        case UrlVerification():
            assert_type(event.echo, str)
        case _:
            assert_type(event.fields, Mapping[str, Any])


async def missed(client: BaiduClient) -> None:
    async for event in client.missed_events(0.0):
        assert_type(event, Event)
