"""How Kuaishou speaks on behalf of an app: both ids in the query, JSON in and out (wire/kuaishou.md § 1, § 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from miniapp_tp.providers.kuaishou.errors import CODES
from miniapp_tp.wire.dialect import Consent, Credential, Dialect, Refusal, Verdict, json_object
from miniapp_tp.wire.tolerance import integer, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_YES: Final = 1


def judge(found: Mapping[str, Any]) -> Verdict:
    """Look at `result` alone: its text is misspelt even in the documentation (seed 001 示例).

    Only an app's token is a yes whatever else is there: it may be all that is left of a grant.
    """
    if text(found.get("authorizerAccessToken")):
        return Consent(found)
    code = integer(found.get("result"))
    if code is None:
        return None
    return Consent(found) if code == _YES else Refusal(code, _explanation(found))


def _explanation(found: Mapping[str, Any]) -> str:
    names = ("error_msg", "errorMsg", "error", "message")
    return next((said for said in map(text, map(found.get, names)) if said), "")


ON_BEHALF: Final = Dialect(
    provider="kuaishou",
    body=json_object,
    token_fields={Credential.APP: "authorizer_access_token", Credential.COMPONENT: "component_access_token"},
    judge=judge,
    codes=CODES,
    request_ids=("request_id", "requestId"),
)


def for_component(dialect: Dialect, component_app_id: str) -> Dialect:
    """Make a dialect say in every call which component is calling."""
    return evolve(dialect, always=(("component_app_id", component_app_id),))
