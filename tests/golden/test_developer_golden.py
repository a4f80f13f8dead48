"""Developer services against the documents: our requests and our reading, and what the sandbox takes and answers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import pytest

from miniapp_tp import (
    FeedCard,
    FeedTemplate,
    Keyword,
    Material,
    MaterialSubType,
    MaterialType,
    Message,
    Secret,
    SitemapSubmission,
    check_sitemap,
    sitemap_parts,
)
from miniapp_tp.contract import Issued
from miniapp_tp.models import Broadcast, FeedSubmission, Of, Push
from miniapp_tp.providers.baidu.developer import (
    COMPONENT_MATERIALS,
    DEVELOPER_TOKEN,
    SERVICES,
    Keys,
    developer_contract,
)
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.sandbox.developer import OWN_PATHS
from miniapp_tp.sandbox.exchange import Request
from miniapp_tp.sandbox.world import World
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Endpoint
from miniapp_tp.wire.exchange import build, parse, sign
from miniapp_tp.wire.messages import Reply
from tests.golden.loader import GoldenRequest, golden_reply, golden_request
from tests.golden.test_sandbox_golden import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).parent / "developer"
APP: Final = "10000001"
BASE: Final = "https://openapi.baidu.com"
JSON_TEXTS: Final = {"content", "scard_list", "images", "ext"}
MATERIAL_SERVICES: Final = SERVICES[3:]
CASES: Final = sorted(
    (path.parent.name, path.name.removesuffix(".request.json")) for path in HERE.glob("*/*.request.json")
)
EACH: Final = pytest.mark.parametrize(("kind", "name"), CASES, ids=["-".join(case) for case in CASES])

CONTRACT: Final = developer_contract({name: f"{BASE}/unpublished/{name}" for name in OWN_PATHS})
MESSAGE: Final = Message(
    title="到货提醒",
    description="您关注的商品到货了",
    path="/pages/goods/goods",
    heading="到货通知",
    first="您关注的商品到货了",
    keywords=[Keyword("商品", "金样水杯"), Keyword("价格", "39元")],
)
MATERIAL: Final = Material(
    title="金样小程序",
    body="只在测试里出现的内容",
    path="/pages/index/index",
    images=["https://img.example.com/head.png"],
    type=MaterialType.CONTENT,
    sub_type=MaterialSubType.ARTICLE,
    tags=["组件", "接口"],
    ext={"desc": "金样示例", "version": "1.0.0"},
)


def feed(template: FeedTemplate) -> FeedSubmission:
    summary = template is FeedTemplate.WITH_SUMMARY
    cards = [
        FeedCard(
            f"金样卡片{place}",
            f"https://img.example.com/{place}.jpg",
            "/pages/home/home/",
            f"第{place}张卡片的摘要" if summary else None,
        )
        for place in range(1, 6)
    ]
    return FeedSubmission("金样推荐", cards, template)


PARAMS: Final[Mapping[str, Any]] = {
    "get_developer_token": Keys(Secret("golden-app-key"), Secret("golden-app-secret")),
    "push_message": Of(APP, Push(["GOLDUSER01", "GOLDUSER02"], MESSAGE)),
    "broadcast_message": Of(APP, Broadcast(MESSAGE)),
    "submit_feed_cards.with_summary": Of(APP, feed(FeedTemplate.WITH_SUMMARY)),
    "submit_feed_cards.without_summary": Of(APP, feed(FeedTemplate.WITHOUT_SUMMARY)),
    "submit_material": Of(APP, MATERIAL),
    "delete_material": Of(APP, "/pages/index/index"),
    "submit_sitemap": Of(APP, SitemapSubmission("https://files.example.com/sitemap.json", "金样的素材")),
    "delete_sitemap": Of(APP, "https://files.example.com/sitemap.json"),
}
RESULTS: Final[Mapping[str, Any]] = {"push_message": 987654321, "broadcast_message": 987654321}
"""What is given back; the others give nothing, and the token has a test of its own."""


def endpoint_of(kind: str, name: str) -> Endpoint[Any, Any]:
    operation = name.partition(".")[0]
    contract = CONTRACT if kind == "own" else COMPONENT_MATERIALS
    found: Endpoint[Any, Any]
    found = DEVELOPER_TOKEN if operation == DEVELOPER_TOKEN.name else getattr(contract, operation)
    assert isinstance(found, Endpoint)
    return found


def golden(kind: str, name: str) -> GoldenRequest:
    return golden_request(f"developer/{kind}", name)


def fields_of(pairs: Any) -> dict[str, Any]:  # noqa: ANN401 - pairs or a mapping
    """Give the fields of a form, with what is JSON in a text as a value: how it is spaced is nobody's business."""
    return {name: json.loads(text) if name in JSON_TEXTS else text for name, text in dict(pairs).items()}


# --- the adapter ----------------------------------------------------------------------------------------------------


def test_every_service_has_golden_files_by_each_way_that_it_has() -> None:
    found = {(kind, name.partition(".")[0]) for kind, name in CASES}
    ways = [*(("own", name) for name in SERVICES), *(("component", name) for name in MATERIAL_SERVICES)]
    assert found == {*ways, ("own", DEVELOPER_TOKEN.name)}


@EACH
def test_our_request_is_the_documented_one(kind: str, name: str) -> None:
    endpoint, documented = endpoint_of(kind, name), golden(kind, name)
    request = build(DIALECT, endpoint, PARAMS[name], BASE)
    if endpoint.credential:
        request = sign(DIALECT, Credential.APP, request, Secret(documented.query["access_token"]))
    assert (request.method, request.address) == (documented.method, BASE + documented.path)
    assert dict(request.query) == documented.query
    assert dict(request.headers) == documented.headers
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    assert fields_of(pairs) == fields_of(documented.form)


@EACH
def test_the_documented_reply_is_read(kind: str, name: str) -> None:
    body = json.dumps(golden_reply(f"developer/{kind}", name)).encode()
    found = parse(DIALECT, endpoint_of(kind, name), APP, Reply(200, body=body), ())
    if name == DEVELOPER_TOKEN.name:
        assert isinstance(found, Issued)
        assert (found.secret.reveal(), found.seconds) == ("24.golden-developer-token", 86400)
    else:
        assert found == RESULTS.get(name)


# --- the sandbox ----------------------------------------------------------------------------------------------------


@EACH
def test_the_sandbox_takes_the_documented_request_and_answers_in_the_documented_shape(kind: str, name: str) -> None:
    world = World({"baidu": [APP]})
    documented = golden(kind, name)
    form = dict(documented.form or {})
    key, secret = world.developer.credentials[APP]
    form |= {name: own for name, own in {"client_id": key, "client_secret": secret}.items() if name in form}
    token = world.developer.token(key, secret) if kind == "own" else world.baidu.tokens[APP]
    query = tuple((name, token or "") for name in documented.query)
    path = OWN_PATHS.get(documented.path.rpartition("/")[2], documented.path)
    sent = GoldenRequest(documented.method, path, {}, documented.headers, form)
    reply = world.answer(Request(sent.method, path, query, documented.headers["content-type"], sent.body())).reply
    assert reply.status == 200
    assert differences(golden_reply(f"developer/{kind}", name), json.loads(reply.body)) == []
    if name != DEVELOPER_TOKEN.name:
        assert json.loads(reply.body)["errno"] == 0


# --- the files of a sitemap -----------------------------------------------------------------------------------------

FIRST: Final = Material(
    title="金样小程序",
    body="只在测试里出现的内容",
    path="/pages/index/index",
    images=["https://img.example.com/1.png", "https://img.example.com/2.png?qua=high%26where=super"],
    type=MaterialType.CONTENT,
    sub_type=MaterialSubType.ARTICLE,
    tags=["组件", "接口"],
    ext={"desc": "金样示例", "version": "1.0.0"},
)
SECOND: Final = Material(
    title="金样接口",
    body="另一段内容",
    path="/pages/api/api",
    images=["https://img.example.com/1.png"],
    type=MaterialType.CONTENT,
    sub_type=MaterialSubType.ARTICLE,
    tags=["接口"],
    ext={},
)


def test_our_files_of_a_sitemap_are_the_documented_ones() -> None:
    written: dict[str, bytes] = {}
    for part in sitemap_parts(
        APP,
        [FIRST, SECOND],
        base_url="https://files.example.com/maps",
        lastmod=date(2018, 7, 17),
        limit=500,
    ):
        written[part.file] = written.get(part.file, b"") + part.data
    documented = {path.name: json.loads(path.read_bytes()) for path in (HERE / "files").iterdir()}
    assert {name: json.loads(data) for name, data in written.items()} == documented


def test_the_documented_files_of_a_sitemap_are_right() -> None:
    assert list(check_sitemap(HERE / "files" / "sitemap.json", app=APP)) == []
