"""The contract: what every provider has to say for itself."""

from __future__ import annotations

import inspect
from typing import Any, Final

import pytest
from attrs import evolve

from miniapp_tp import BaiduClient, KuaishouClient, MiniAppClient
from miniapp_tp.contract import OPERATIONS, Contract
from miniapp_tp.providers.baidu.endpoints import CONTRACT as BAIDU
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS as BAIDU_ENDPOINTS
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT as KUAISHOU
from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS as KUAISHOU_ENDPOINTS
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint, Operation, Procedure, absent

BOTH = pytest.mark.parametrize(
    ("contract", "endpoints"),
    [(BAIDU, BAIDU_ENDPOINTS), (KUAISHOU, KUAISHOU_ENDPOINTS)],
    ids=["baidu", "kuaishou"],
)
EVERYONES: Final = (
    "get_info",
    "get_server_domain",
    "set_server_domain",
    "get_webview_domain",
    "set_webview_domain",
)
OF_EVERY_CLIENT: Final = (
    "set_name",
    "set_icon",
    "set_description",
    "set_categories",
    "list_categories",
    "pause",
    "resume",
    "get_qrcode",
    "check_name",
)
BAIDUS: Final = (
    "set_name_with_qualifications",
    "check_name_with_qualifications",
    "get_support_version",
    "set_support_version",
    "apply_recovery",
    "update_offline",
    "apply_mobile_auth",
    "cancel_mobile_auth",
    "get_mobile_auth_status",
    "upload_image",
    "control_flow",
    "get_violations",
    "submit_material",
    "delete_material",
    "submit_sitemap",
    "delete_sitemap",
)
CHANGES: Final = {
    *("set_server_domain", "set_webview_domain", "set_name", "set_icon", "set_description", "set_categories"),
    *("pause", "resume", "set_name_with_qualifications", "set_support_version", "apply_recovery", "update_offline"),
    *("apply_mobile_auth", "cancel_mobile_auth", "upload_image", "control_flow"),
    *("submit_material", "delete_material", "submit_sitemap", "delete_sitemap"),
}
IDEMPOTENT_CHANGES: Final = {
    *("set_server_domain", "set_webview_domain", "pause", "resume", "cancel_mobile_auth", "set_support_version"),
    *("delete_material", "delete_sitemap"),
}
"""Those that the promise names; a read is idempotent without saying so."""


def test_the_operations_are_the_clients_methods_in_order() -> None:
    assert (*EVERYONES, *OF_EVERY_CLIENT, *BAIDUS) == OPERATIONS
    own = [name for name, _ in inspect.getmembers(MiniAppClient, inspect.iscoroutinefunction)]
    assert {*EVERYONES, *OF_EVERY_CLIENT} == set(own) - {"aclose", "call", "perform", "__aenter__", "__aexit__"}
    assert all(inspect.iscoroutinefunction(getattr(BaiduClient, name)) for name in OPERATIONS)
    assert not any(hasattr(KuaishouClient, name) for name in BAIDUS)


def test_an_operation_bears_the_name_of_its_field() -> None:
    for contract in (BAIDU, KUAISHOU):
        assert [getattr(contract, name).name for name in OPERATIONS] == list(OPERATIONS)
    assert [endpoint.name for endpoint in BAIDU_ENDPOINTS] == list(OPERATIONS[: len(BAIDU_ENDPOINTS)])
    assert [endpoint.name for endpoint in KUAISHOU_ENDPOINTS] == list(EVERYONES)


def test_baidu_supports_all_of_them_and_kuaishou_the_first_five() -> None:
    assert all(map(BAIDU.supports, OPERATIONS))
    assert [name for name in OPERATIONS if KUAISHOU.supports(name)] == list(EVERYONES)
    for contract in (BAIDU, KUAISHOU):
        assert not any(map(contract.supports, ("", "fly", "supports", "__init__")))


def test_every_absence_has_a_reason_in_both_languages() -> None:
    for name in (*OF_EVERY_CLIENT, *BAIDUS):
        missing = getattr(KUAISHOU, name)
        assert isinstance(missing, Absent)
        assert missing.why.isascii()
        assert missing.why.startswith("Kuaishou")
        assert not missing.chinese.isascii()


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_may_be_sent_again_is_what_was_promised(name: str) -> None:
    for contract in (BAIDU, KUAISHOU):
        operation: Operation[Any, Any] = getattr(contract, name)
        if isinstance(operation, Absent):
            continue
        endpoint = operation.endpoint if isinstance(operation, Procedure) else operation
        assert endpoint.changes is (name in CHANGES)
        assert endpoint.idempotent is (name not in CHANGES or name in IDEMPOTENT_CHANGES)


@BOTH
def test_changes_of_domains_can_be_read_back(contract: Contract, endpoints: tuple[Endpoint[Any, Any], ...]) -> None:
    for endpoint in endpoints:
        assert (endpoint.read_back is not None) is (endpoint.name in {"set_server_domain", "set_webview_domain"})
        if endpoint.read_back:
            assert endpoint.read_back.endpoint is getattr(contract, endpoint.name.replace("set_", "get_"))
            assert not endpoint.read_back.endpoint.changes


@BOTH
def test_a_procedure_ends_in_the_endpoint_of_its_name(contract: Contract, endpoints: Any) -> None:  # noqa: ANN401 - a tuple of all kinds
    assert isinstance(contract.set_server_domain, Procedure)
    assert contract.set_server_domain.endpoint in endpoints


def test_everything_but_the_upload_carries_an_apps_token_and_no_reply_holds_credentials() -> None:
    for endpoint in (*BAIDU_ENDPOINTS, *KUAISHOU_ENDPOINTS):
        upload = endpoint.name == "upload_image"
        assert endpoint.credential is (Credential.COMPONENT if upload else Credential.APP)
        assert not endpoint.secret


def test_an_absent_operation_says_why_learns_its_name_and_is_not_supported() -> None:
    contract = evolve(BAIDU, set_webview_domain=absent("there are no web views", "没有业务域名"))
    assert contract.set_webview_domain == Absent("there are no web views", "没有业务域名", "set_webview_domain")
    assert not contract.supports("set_webview_domain")
    assert contract.supports("get_webview_domain")


def test_a_provider_that_forgets_an_operation_cannot_be_made() -> None:
    every = {name: getattr(BAIDU, name) for name in OPERATIONS if name != "get_violations"}
    with pytest.raises(TypeError, match="get_violations"):
        Contract(**every)
