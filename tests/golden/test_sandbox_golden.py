"""The sandbox against the documents: it takes their requests and answers in their shapes."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pytest

from miniapp_tp.sandbox.exchange import Request
from miniapp_tp.sandbox.state import Audit
from miniapp_tp.sandbox.world import World
from tests.golden.loader import CASES, GoldenRequest, golden_answer, golden_reply, golden_request
from tests.golden.settings import IMAGE

if TYPE_CHECKING:
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.state import App

APP: Final = {"baidu": "10000001", "kuaishou": "ks100000000000000001"}
UNDOCUMENTED: Final = {"request_id"}
"""What real answers carry beside what the documents of these operations show (wire/baidu.md § 1.9)."""

LATER: Final = {"set_name", "set_icon", "set_description", "set_categories"}
"""Operations whose answers in seed 000 hold nothing, and later the id of the review (wire/baidu.md § 4)."""


@pytest.fixture
def world() -> World:
    made = World({provider: [app] for provider, app in APP.items()}, registered=["example.com"])
    made.baidu.images.add(IMAGE)
    for provider, app in APP.items():
        furnish(made.app(provider, app), provider)
    return made


def furnish(app: App, provider: str) -> None:
    """Give an app the golden domains and a review of everything."""
    app.audits = {about: Audit("https://img.example.com/new.png") for about in ("name", "icon", "intro")}
    if provider == "baidu":
        app.mobile_auth = (1, "")
        app.violations = golden_reply("baidu", "get_violations")["data"]["problemDetails"]
        lists = golden_reply("baidu", "get_server_domain")["data"].items()
        app.domains |= {name.removesuffix("_domain"): text.split(",") for name, text in lists}
        app.domains["webview"] = golden_reply("baidu", "get_webview_domain")["data"].split(",")
    else:
        lists = golden_reply("kuaishou", "get_server_domain").items()
        app.domains |= {name.removesuffix("_file"): hosts for name, hosts in lists if isinstance(hosts, list)}
        app.domains["webview"] = golden_reply("kuaishou", "get_webview_domain")["webview"]


def sent(golden: GoldenRequest, provider: Provider) -> Request:
    """Send a golden request, with the sandbox's own ids and tokens in place of the golden ones."""
    token = provider.component_tokens.issue(None) if golden.parts else next(iter(provider.tokens.values()))
    own = dict.fromkeys(("access_token", "authorizer_access_token"), token)
    query = {**golden.query, **{name: own[name] for name in golden.query if name in own}}
    if "component_app_id" in query:
        query["component_app_id"] = provider.component
    return Request(golden.method, golden.path, tuple(query.items()), golden.content_type, golden.body())


def prepare(app: App, name: str) -> None:
    """Bring an app into the state that an operation is for."""
    app.status = {"apply_recovery": 7, "update_offline": 5}.get(name, app.status)
    app.mobile_auth = (2, "描述不清") if name == "get_mobile_auth_status.refused" else app.mobile_auth


def entries(documented: Any) -> list[Any]:  # noqa: ANN401 - JSON of any kind
    """Give the values of an object whose keys are ids."""
    found: dict[str, Any] = documented if isinstance(documented, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    return list(found.values()) if all(map(str.isdigit, found)) else []


def differences(documented: Any, answered: Any, where: str = "reply") -> list[str]:  # noqa: ANN401 - JSON of any kind
    """Find where two JSON values differ in keys or types; of a list every entry counts."""
    if type(documented) is not type(answered):
        return [f"{where}: {type(documented).__name__} in the documents, {type(answered).__name__} in the answer"]
    if by_id := entries(documented):
        # Each entry has the shape of one of the documented ones.
        tried = [[differences(one, item, f"{where}.{key}") for one in by_id] for key, item in answered.items()]
        return [*chain(*(found[0] for found in tried if all(found)))]
    if isinstance(documented, dict):
        missing = [f"{where}.{key} is missing" for key in documented.keys() - answered.keys()]
        extra = [f"{where}.{key} is not documented" for key in answered.keys() - documented.keys() - UNDOCUMENTED]
        shared: set[str] = documented.keys() & answered.keys()
        inner = [differences(documented[key], answered[key], f"{where}.{key}") for key in shared]
        return [*missing, *extra, *chain(*inner)]
    if isinstance(documented, list) and documented:
        return [found for item in answered for found in differences(documented[0], item, f"{where}[]")]
    return []


@pytest.mark.parametrize(("provider", "name"), CASES)
def test_the_sandbox_takes_the_documented_request_and_answers_in_the_documented_shape(
    world: World, provider: str, name: str
) -> None:
    prepare(world.app(provider, APP[provider]), name)
    reply = world.answer(sent(golden_request(provider, name), world.provider(provider))).reply
    assert reply.status == 200
    kind, documented = golden_answer(provider, name)
    if kind == "image/png":
        assert (dict(reply.headers)[b"content-type"], reply.body) == (b"image/png", documented)
        return
    body = json.loads(reply.body)
    assert body.get("errno", body.get("result")) == {"baidu": 0, "kuaishou": 1}[provider], body
    if name in LATER:
        assert isinstance(body.pop("data")["examine_id"], int)
    assert differences(golden_reply(provider, name), body) == []


@pytest.mark.parametrize("name", ["get_server_domain", "get_webview_domain"])
@pytest.mark.parametrize("provider", APP)
def test_what_the_sandbox_stores_it_shows_as_the_documents_do(world: World, provider: str, name: str) -> None:
    body = json.loads(world.answer(sent(golden_request(provider, name), world.provider(provider))).reply.body)
    documented = golden_reply(provider, name)
    assert {key: body[key] for key in documented} == documented


@pytest.mark.parametrize("name", ["set_server_domain", "set_webview_domain"])
def test_changes_at_the_sandboxed_kuaishou_are_answered_with_what_is_there_now(world: World, name: str) -> None:
    for action in ("set", "add", "delete"):
        furnish(world.app("kuaishou", APP["kuaishou"]), "kuaishou")
        request = sent(golden_request("kuaishou", f"{name}.{action}"), world.kuaishou)
        assert json.loads(world.answer(request).reply.body) == golden_reply("kuaishou", f"{name}.{action}")
