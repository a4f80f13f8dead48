"""Parameters into a request, a reply into a value or the right error.

Nothing in here raises what it read: errors are returned, so that no frame of a traceback holds a reply or a
token. `Session` raises them, where nothing secret is in sight.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

from miniapp_tp.errors import MiniAppError, ProviderError, ProviderUnavailable, RateLimited, ReplyNotUnderstood
from miniapp_tp.wire.addresses import checked_address
from miniapp_tp.wire.dialect import Consent, Credential, Dialect, Refusal
from miniapp_tp.wire.meaning import meaning_of
from miniapp_tp.wire.messages import Reply, Request, Secret
from miniapp_tp.wire.redaction import evidence, redact
from miniapp_tp.wire.tolerance import text
from miniapp_tp.wire.waiting import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.wire.endpoint import Endpoint

P = TypeVar("P")
R = TypeVar("R")
E = TypeVar("E", bound=ProviderError)
Secrets: TypeAlias = tuple[Secret, ...]

_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_REDIRECT: Final = range(300, 400)
_TRACE_HEADER: Final = "x-b3-traceid"


def build(dialect: Dialect, endpoint: Endpoint[P, Any], params: P, base_url: str) -> Request:
    """Write a request, but for its token.

    Raises:
        InvalidArgument: The parameters can't be sent, or the endpoint's address isn't safe.
        NotSupported: A field that this provider can't carry.
    """
    plain: dict[str, Any] = dict(endpoint.fixed)
    secrets: Secrets = ()
    for name, value in endpoint.encode(params).items():
        if isinstance(value, Secret):
            secrets += (value,)
            plain[name] = value.reveal()
        elif value is not None:
            plain[name] = value
    whole = not endpoint.path.startswith("/")
    address = checked_address(endpoint.path) if whole else base_url + endpoint.path
    if endpoint.method == "GET":
        query = tuple([(name, str(value)) for name, value in plain.items()])
        return Request(method="GET", address=address, query=dialect.always + query, secrets=secrets)
    headers, body = dialect.body(plain)
    return Request(
        method=endpoint.method, address=address, query=dialect.always, headers=headers, body=body, secrets=secrets
    )


def sign(dialect: Dialect, credential: Credential, request: Request, token: Secret) -> Request:
    """Put the token where the provider wants it."""
    return Request(
        method=request.method,
        address=request.address,
        query=(*request.query, (dialect.token_fields[credential], token.reveal())),
        headers=request.headers,
        body=request.body,
        secrets=(*request.secrets, token),
    )


def parse(dialect: Dialect, endpoint: Endpoint[Any, R], app: str, reply: Reply, secrets: Secrets) -> R | MiniAppError:
    """Read a reply: the body's verdict first, and only without one the HTTP status."""
    found = _json_object(reply)
    verdict = dialect.judge(found) or _media(endpoint, reply)
    if isinstance(verdict, Consent):
        return _decoded(endpoint, app, verdict.data, reply, secrets)
    if isinstance(verdict, Refusal):
        meaning = meaning_of(verdict.code, verdict.text, dialect.own_codes, endpoint.codes, dialect.codes)
        ids = [name for name in (text(found.get(name)) for name in dialect.request_ids) if name]
        error = meaning.error(
            redact(verdict.text, secrets),
            code=redact(verdict.code, secrets) if isinstance(verdict.code, str) else verdict.code,
            status=reply.status,
            request_id=redact(ids[0], secrets) if ids else _trace(reply, secrets),
            reply=_kept(endpoint, reply, secrets),
            actor=meaning.actor,
            scope=meaning.scope,
        )
        return _timed(error, endpoint, reply)
    return _without_verdict(endpoint, reply, secrets)


def _media(endpoint: Endpoint[Any, Any], reply: Reply) -> Consent | None:
    """Take a reply that isn't JSON for a yes, where the endpoint answers so."""
    media = endpoint.media(reply) if reply.complete else None
    return None if media is None else Consent(media)


def _kept(endpoint: Endpoint[Any, Any], reply: Reply, secrets: Secrets) -> Reply | None:
    """Give what may be kept of a reply: nothing at all where credentials were asked for."""
    return None if endpoint.secret else evidence(reply, secrets)


def _trace(reply: Reply, secrets: Secrets) -> str | None:
    trace = reply.headers.get(_TRACE_HEADER)
    return redact(trace, secrets) if trace else None


def _json_object(reply: Reply) -> Mapping[str, Any]:
    """Give the object that a body holds; an empty one, which says nothing, if there is none."""
    if not reply.complete:
        return {}
    try:
        found = json.loads(reply.body.decode("utf-8-sig" if reply.body.startswith(BOM_UTF8) else "utf-8"))
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _decoded(
    endpoint: Endpoint[Any, R], app: str, data: object, reply: Reply, secrets: Secrets
) -> R | ReplyNotUnderstood:
    try:
        return endpoint.decode(app, data)
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles over, the cause is the reply
        return _not_understood("its answer lacks what is documented", endpoint, reply, secrets)


def _without_verdict(endpoint: Endpoint[Any, Any], reply: Reply, secrets: Secrets) -> MiniAppError:
    if reply.status != _TOO_MANY and reply.status < _SERVER_ERROR:
        return _not_understood(_oddity(reply), endpoint, reply, secrets)
    kind = RateLimited if reply.status == _TOO_MANY else ProviderUnavailable
    error = kind(
        f"answered HTTP {reply.status} and nothing readable",
        status=reply.status,
        request_id=_trace(reply, secrets),
        reply=_kept(endpoint, reply, secrets),
    )
    return _timed(error, endpoint, reply)


def _oddity(reply: Reply) -> str:
    if not reply.complete:
        return "its body is larger than any documented one, and was not read to its end"
    if reply.status in _REDIRECT:
        return "it redirects, which this provider never does; is base_url right?"
    if not reply.body.strip():
        return "its body is empty"
    kind = reply.headers.get("content-type", "no content type").split(";")[0][:80]
    return f"its body ({kind}, {len(reply.body)} bytes) is not the JSON object that is documented"


def _not_understood(why: str, endpoint: Endpoint[Any, Any], reply: Reply, secrets: Secrets) -> ReplyNotUnderstood:
    message = redact(f"the reply (HTTP {reply.status}) can't be understood: {why}", secrets)
    error = ReplyNotUnderstood(message, reply=_kept(endpoint, reply, secrets))
    error.may_have_happened = endpoint.changes
    return error


def _timed(error: E, endpoint: Endpoint[Any, Any], reply: Reply) -> E:
    """Note when to come again, and whether a change may have been made before the provider broke."""
    if isinstance(error, RateLimited | ProviderUnavailable):
        error.retry_after = retry_after(reply.headers)
    if isinstance(error, ProviderUnavailable):
        error.may_have_happened = endpoint.changes
    return error
