"""What the check of the built site would find: a call without its source, a name that is missing, an excuse of old."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from miniapp_tp import BaiduClient, BaiduDeveloperClient
from miniapp_tp.contract import OPERATIONS
from miniapp_tp.providers.baidu.developer import SERVICES
from tests.docs.documents import ROOT

PAGE = """
<dt class="sig" id="miniapp_tp.BaiduClient.pause"><em>async</em> pause</dt>
<dd><p>Take an app out of service.</p><p>Source: seed
000 <code>pause</code>.</p></dd>
<dt class="sig" id="miniapp_tp.BaiduClient.resume"><em>async</em> resume</dt>
<dd><p>Put it back.</p></dd>
"""


@pytest.fixture(scope="module")
def script() -> Any:  # noqa: ANN401 - a module
    spec = spec_from_file_location("check_site", ROOT / "scripts" / "check_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_call_without_its_source_is_found(script: Any) -> None:  # noqa: ANN401 - as above
    lacking = script.unsourced(script.shown(PAGE))
    assert "BaiduClient.resume" in lacking
    assert "BaiduClient.pause" not in lacking


def test_no_operation_is_excused_from_stating_its_source(script: Any) -> None:  # noqa: ANN401 - as above
    called = {*OPERATIONS, *SERVICES}
    assert {*script.methods(BaiduClient), *script.methods(BaiduDeveloperClient)} >= called
    assert not called & script.WITHOUT
    assert script.unused() == []


def test_a_name_that_the_page_lacks_is_found(script: Any) -> None:  # noqa: ANN401 - as above
    lacking = script.missing(script.shown(PAGE))
    assert {"each", "BaiduClient.get_info"} <= {*lacking}
    assert "BaiduClient.pause" not in lacking


def test_every_public_name_and_method_is_wanted(script: Any) -> None:  # noqa: ANN401 - as above
    wanted = set(script.wanted())
    assert {"each", "BaiduClient.get_info", "KuaishouClient.get_info", "Fleet.get_info"} <= wanted
    assert "BaiduDeveloperClient.push_message" in wanted
