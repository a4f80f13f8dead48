"""How Baidu speaks: the token in the query, forms out, three shapes of no (wire/baidu.md § 1.9 and § 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.providers.baidu.errors import CODES, OAUTH
from miniapp_tp.wire.dialect import Consent, Credential, Dialect, Refusal, Verdict, form
from miniapp_tp.wire.tolerance import integer, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.wire.meaning import Code

_NO_ERROR: Final = {"success", "ok"}


def judge(found: Mapping[str, Any]) -> Verdict:
    """Look for a no in each of the three shapes; a yes is `errno` 0, or a token, which nothing may take away again."""
    if text(found.get("access_token")):
        return Consent(found)
    code = _gateway_code(found) or _word_or_number(found)
    if code is not None:
        return Refusal(code, _explanation(found))
    return Consent(found.get("data")) if integer(found.get("errno")) == 0 else None


def _gateway_code(found: Mapping[str, Any]) -> int | None:
    return integer(found.get("error_code")) or None


def _word_or_number(found: Mapping[str, Any]) -> Code | None:
    """Read `error` and `errno`: where both speak, the number says more unless the word is one of OAuth's."""
    word = text(found.get("error"))
    number = integer(found.get("errno")) or None
    if word is None or word.lower() in _NO_ERROR:
        return number
    return word if word in OAUTH or number is None else number


def _explanation(found: Mapping[str, Any]) -> str:
    names = ("error_msg", "error_description", "msg", "errmsg", "error")
    return next((said for said in map(text, map(found.get, names)) if said), "")


DIALECT: Final = Dialect(
    provider="baidu",
    body=form,
    token_fields={Credential.APP: "access_token", Credential.COMPONENT: "access_token"},
    judge=judge,
    codes=CODES,
    request_ids=("request_id", "requestId", "traceId"),
)
