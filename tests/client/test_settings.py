"""The methods for an app's settings: what they refuse before anything, and what they do after a lost answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from miniapp_tp import (
    BaiduClient,
    ConnectionLost,
    Endpoint,
    InvalidArgument,
    MobileAuthReason,
    MobileAuthScene,
    NameQualifications,
    Options,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    open_store,
)
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.wire.dialect import Credential
from tests.support.operations import PNG
from tests.support.scripted import baidu_no, baidu_yes, page, script, sent
from tests.support.sides import BAIDU, TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.scripted import Scripted

APP: Final = BAIDU.app
ADDRESS: Final = "https://img.example.com/one.png"
Call = Callable[[Any], Awaitable[Any]]
LOST: Final = ConnectionLost("cut", may_have_happened=True)


def client_over(transport: Scripted, **options: Any) -> BaiduClient:  # noqa: ANN401 - the fields of Options
    return BaiduClient("a-client-id", tokens={APP: TOKEN}, transport=transport, options=Options(backoff=0.0, **options))


def mobile(client: Any, **other: Any) -> Awaitable[None]:  # noqa: ANN401 - wrong on purpose
    given = {
        "reason": MobileAuthReason.LOGIN,
        "scene": MobileAuthScene.SHOPPING,
        "description": "d",
        "demo_url": ADDRESS,
    }
    call: Awaitable[None] = client.apply_mobile_auth(APP, **{**given, **other})
    return call


WRONG: Final[dict[str, Call]] = {
    "set_name": lambda has: has.set_name(APP, ""),
    "set_name: materials": lambda has: has.set_name(APP, "n", materials=ADDRESS),
    "set_icon": lambda has: has.set_icon(APP, "one.png"),
    "set_description": lambda has: has.set_description(APP, " "),
    "set_categories": lambda has: has.set_categories(APP, []),
    "set_categories: six": lambda has: has.set_categories(APP, range(6)),
    "set_categories: words": lambda has: has.set_categories(APP, ["games"]),
    "list_categories": lambda has: has.list_categories(APP, kind=2),
    "get_qrcode": lambda has: has.get_qrcode(APP, width=100),
    "check_name": lambda has: has.check_name(APP, None),
    "set_name_with_qualifications": lambda has: has.set_name_with_qualifications(APP, "n", {"others": [ADDRESS]}),
    "check_name_with_qualifications": lambda has: has.check_name_with_qualifications(APP, "", NameQualifications()),
    "set_support_version": lambda has: has.set_support_version(APP, ""),
    "apply_recovery": lambda has: has.apply_recovery(APP, ""),
    "apply_recovery: long": lambda has: has.apply_recovery(APP, "字" * 101),
    "update_offline": lambda has: has.update_offline(APP),
    "apply_mobile_auth": lambda has: mobile(has, reason=1),
    "apply_mobile_auth: long": lambda has: mobile(has, description="字" * 501),
    "control_flow": lambda has: has.control_flow(APP, open=1),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_cant_be_right_is_refused_before_anything_is_sent(case: str) -> None:
    transport = script()
    with pytest.raises(InvalidArgument) as caught:
        await WRONG[case](client_over(transport))
    assert (caught.value.provider, caught.value.app) == ("baidu", APP)
    assert caught.value.operation == case.partition(":")[0]
    assert transport.requests == []


CHANGES: Final[dict[str, Call]] = {
    "set_name": lambda has: has.set_name(APP, "n"),
    "set_name_with_qualifications": lambda has: has.set_name_with_qualifications(APP, "n", NameQualifications()),
    "set_icon": lambda has: has.set_icon(APP, ADDRESS),
    "set_description": lambda has: has.set_description(APP, "d"),
    "set_categories": lambda has: has.set_categories(APP, [2]),
    "apply_recovery": lambda has: has.apply_recovery(APP, "d"),
    "update_offline": lambda has: has.update_offline(APP, name="n"),
    "apply_mobile_auth": mobile,
    "control_flow": lambda has: has.control_flow(APP, open=True),
}
REPEATABLE: Final[dict[str, Call]] = {
    "pause": lambda has: has.pause(APP),
    "resume": lambda has: has.resume(APP),
    "cancel_mobile_auth": lambda has: has.cancel_mobile_auth(APP),
    "set_support_version": lambda has: has.set_support_version(APP, "3.20.1"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("trouble", [LOST, page(502), baidu_no(500)], ids=["cut", "page", "busy"])
async def test_what_starts_a_review_is_not_sent_again_after_a_doubt(name: str, trouble: Any) -> None:  # noqa: ANN401 - a step
    transport = script(trouble)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its kind is the trouble's
        await CHANGES[name](client_over(transport))
    assert (caught.value.may_have_happened, caught.value.retryable) == (True, False)  # type: ignore[attr-defined]
    assert len(transport.requests) == 1


@pytest.mark.parametrize("name", CHANGES)
async def test_what_starts_a_review_is_sent_again_when_it_was_refused_before_anything(name: str) -> None:
    transport = script(BAIDU.rate, baidu_yes())
    assert await CHANGES[name](client_over(transport)) is None
    assert len(transport.requests) == 2


@pytest.mark.parametrize("name", REPEATABLE)
@pytest.mark.parametrize("trouble", [LOST, page(502), baidu_no(500)], ids=["cut", "page", "busy"])
async def test_what_may_be_repeated_is(name: str, trouble: Any) -> None:  # noqa: ANN401 - a step
    transport = script(trouble, baidu_yes())
    await REPEATABLE[name](client_over(transport))
    assert len(transport.requests) == 2


async def test_optional_fields_are_left_out() -> None:
    transport = script(baidu_yes(), baidu_yes({"checkResult": 0}), baidu_yes())
    client = client_over(transport)
    await client.set_name(APP, "n")
    await client.check_name_with_qualifications(APP, "n")
    await client.update_offline(APP, icon_url=ADDRESS)
    assert [sent(request) for request in transport.requests] == [
        {"nick_name": "n"},
        {"app_name": "n"},
        {"photo_addr": ADDRESS},
    ]


async def test_an_operation_says_no_in_its_own_words() -> None:
    with pytest.raises(QuotaExhausted) as caught:
        await client_over(script(baidu_no(47005))).set_icon(APP, ADDRESS)
    assert caught.value.code == 47005


async def test_traffic_that_isnt_taken_down_is_no_success() -> None:
    with pytest.raises(ReplyNotUnderstood) as caught:
        await client_over(script(baidu_yes({"errno": 110002}))).control_flow(APP, open=False)
    assert caught.value.may_have_happened


# --- the upload, which is the component's ---------------------------------------------------------------------------


async def test_a_client_with_tokens_of_apps_cant_upload() -> None:
    transport = script()
    client = client_over(transport)
    with pytest.raises(InvalidArgument, match="give it a store") as caught:
        await client.upload_image(PNG)
    assert (caught.value.operation, caught.value.app) == ("upload_image", None)
    own = Endpoint[None, None](
        name="mine", path="/mine", decode=lambda _app, _data: None, credential=Credential.COMPONENT
    )
    with pytest.raises(InvalidArgument, match="give it a store"):
        await client.call(own, APP, None)
    assert transport.requests == []


@pytest.fixture
async def uploading() -> AsyncIterator[tuple[Sandbox, BaiduClient]]:
    store = open_store("memory://")
    with Sandbox(apps=1) as sandbox:
        client = BaiduClient(
            sandbox.baidu.component, store=store, base_url=sandbox.url, options=Options(backoff=0.0, verify=False)
        )
        await client.save_ticket(sandbox.baidu.issue_ticket())
        yield sandbox, client
        await client.aclose()
        await store.aclose()


async def test_an_upload_gets_another_token_of_the_component(uploading: tuple[Sandbox, BaiduClient]) -> None:
    sandbox, client = uploading
    first = await client.upload_image(PNG)
    sandbox.baidu.expire_component_tokens()
    assert await client.upload_image(PNG) == first
    assert sandbox.count(operation="get_component_token") == 2


async def test_the_largest_image_arrives_whole(uploading: tuple[Sandbox, BaiduClient]) -> None:
    sandbox, client = uploading
    image = (PNG + bytes(range(256)) * 8191).ljust(2 << 20, b"\n")
    assert await client.upload_image(image) == sandbox.baidu.keep_image(image)


async def test_an_upload_is_sent_again_only_when_it_was_refused_before_anything(
    uploading: tuple[Sandbox, BaiduClient],
) -> None:
    sandbox, client = uploading
    sandbox.inject(Fault.RATE_LIMITED, provider="baidu", operation="upload_image")
    await client.upload_image(PNG)
    sandbox.inject(Fault.CUT_AFTER, provider="baidu", operation="upload_image")
    with pytest.raises(ConnectionLost) as caught:
        await client.upload_image(PNG)
    assert (caught.value.may_have_happened, caught.value.app) == (True, None)
    sandbox.inject(Fault.RATE_LIMITED, provider="baidu", operation="upload_image", times=None)
    with pytest.raises(RateLimited):
        await client.with_options(attempts=1).upload_image(PNG)


async def test_a_closed_client_uploads_nothing(uploading: tuple[Sandbox, BaiduClient]) -> None:
    sandbox, client = uploading
    await client.aclose()
    with pytest.raises(InvalidArgument, match="closed"):
        await client.upload_image(PNG)
    assert sandbox.count(operation="upload_image") == 0
