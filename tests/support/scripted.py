"""A transport that plays what it was given, and the replies of both providers to play."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, parse_qsl

from attrs import define, field

from miniapp_tp import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Step: TypeAlias = "Reply | Exception | Callable[[Request], Awaitable[Reply]]"


@define
class Scripted:
    """Plays one step for each request, in order; one request too many fails the test.

    Attributes:
        steps: What is still to be played: replies, errors, or coroutine functions of the request.
        requests: What was sent.
        timeouts: The seconds that each request was given.
        closed: How often it was closed.
    """

    steps: list[Step]
    requests: list[Request] = field(factory=list[Request])
    timeouts: list[float] = field(factory=list[float])
    closed: int = 0

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Play the next step."""
        self.requests.append(request)
        self.timeouts.append(timeout)
        if not self.steps:
            message = f"request {len(self.requests)} was not in the script"
            raise AssertionError(message)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Reply) else await step(request)

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1

    @property
    def tokens(self) -> list[str]:
        """The tokens that were sent, in order."""
        names = {"access_token", "authorizer_access_token", "component_access_token"}
        return [value for request in self.requests for name, value in request.query if name in names]

    @property
    def actions(self) -> list[str]:
        """The actions that were sent, in order."""
        return [sent(request)["action"] for request in self.requests]


def script(*steps: Step) -> Scripted:
    """Make a transport that plays these steps."""
    return Scripted(list(steps))


def sent(request: Request) -> dict[str, Any]:
    """Give the fields of a request, from its query (tokens excepted) or its body."""
    if request.body.startswith(b"{"):
        return dict(json.loads(request.body))
    pairs = parse_qsl(request.body.decode()) if request.body else request.query
    return {name: value for name, value in pairs if "token" not in name}


def form_lists(request: Request) -> dict[str, list[str]]:
    """Give the fields of a form, comma lists taken apart."""
    return {name: values[0].split(",") for name, values in parse_qs(request.body.decode()).items()}


def answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    return Reply(status, {"content-type": "application/json", **(headers or {})}, json.dumps(body).encode())


def page(status: int = 502, headers: Mapping[str, str] | None = None, text: str = "<html>Bad Gateway</html>") -> Reply:
    """Answer with a page, as something between us and the provider does."""
    return Reply(status, {"content-type": "text/html", **(headers or {})}, text.encode())


def baidu_yes(data: object = None) -> Reply:
    """Answer Baidu's yes."""
    return answer({"errno": 0, "msg": "success", **({} if data is None else {"data": data})})


def baidu_no(errno: int, msg: str = "no", **more: Any) -> Reply:  # noqa: ANN401 - whatever a caller may give
    """Answer the no of Baidu's service."""
    return answer({"errno": errno, "msg": msg, **more})


def gateway_no(code: int, msg: str = "no", status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer the no of Baidu's gateway."""
    return answer({"error_code": code, "error_msg": msg}, status, headers)


def kuaishou_yes(**fields: Any) -> Reply:  # noqa: ANN401 - whatever a caller may give
    """Answer Kuaishou's yes."""
    return answer({"result": 1, "error_msg": "sucess", **fields})


def kuaishou_no(result: int, error_msg: str = "no") -> Reply:
    """Answer Kuaishou's no."""
    return answer({"result": result, "error_msg": error_msg})
