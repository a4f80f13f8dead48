"""The contract: what every provider has to say for itself."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from miniapp_tp.contract import OPERATIONS, Contract
from miniapp_tp.providers.baidu.endpoints import CONTRACT as BAIDU
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS as BAIDU_ENDPOINTS
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT as KUAISHOU
from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS as KUAISHOU_ENDPOINTS
from miniapp_tp.wire.endpoint import Absent, Endpoint, Procedure, absent

BOTH = pytest.mark.parametrize(
    ("contract", "endpoints"),
    [(BAIDU, BAIDU_ENDPOINTS), (KUAISHOU, KUAISHOU_ENDPOINTS)],
    ids=["baidu", "kuaishou"],
)


def test_the_operations_are_the_clients_methods_in_order() -> None:
    assert OPERATIONS == (
        "get_info",
        "get_server_domain",
        "set_server_domain",
        "get_webview_domain",
        "set_webview_domain",
    )


@BOTH
def test_an_operation_bears_the_name_of_its_field(contract: Contract, endpoints: Any) -> None:  # noqa: ANN401 - a tuple of all kinds
    assert [getattr(contract, name).name for name in OPERATIONS] == list(OPERATIONS)
    assert [endpoint.name for endpoint in endpoints] == list(OPERATIONS)


@BOTH
def test_both_providers_support_all_of_them_and_nothing_else(contract: Contract, endpoints: Any) -> None:  # noqa: ANN401 - as above
    assert all(map(contract.supports, OPERATIONS))
    assert not any(map(contract.supports, ("", "set_name", "supports", "__init__")))


@BOTH
def test_what_changes_something_can_be_read_back_and_what_reads_changes_nothing(
    contract: Contract, endpoints: tuple[Endpoint[Any, Any], ...]
) -> None:
    for endpoint in endpoints:
        assert endpoint.changes is endpoint.name.startswith("set_")
        assert endpoint.idempotent
        assert (endpoint.read_back is not None) is endpoint.changes
        if endpoint.read_back:
            assert endpoint.read_back.endpoint is getattr(contract, endpoint.name.replace("set_", "get_"))
            assert not endpoint.read_back.endpoint.changes


@BOTH
def test_a_procedure_ends_in_the_endpoint_of_its_name(contract: Contract, endpoints: Any) -> None:  # noqa: ANN401 - as above
    assert isinstance(contract.set_server_domain, Procedure)
    assert contract.set_server_domain.endpoint in endpoints


def test_an_absent_operation_says_why_learns_its_name_and_is_not_supported() -> None:
    contract = evolve(BAIDU, set_webview_domain=absent("there are no web views"))
    assert contract.set_webview_domain == Absent("there are no web views", "set_webview_domain")
    assert not contract.supports("set_webview_domain")
    assert contract.supports("get_webview_domain")


def test_a_provider_that_forgets_an_operation_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="set_webview_domain"):
        Contract(  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
            get_info=BAIDU.get_info,
            get_server_domain=BAIDU.get_server_domain,
            set_server_domain=BAIDU.set_server_domain,
            get_webview_domain=BAIDU.get_webview_domain,
        )
