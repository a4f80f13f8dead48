"""A service that merchants authorize their mini apps to, on Baidu and Kuaishou: it sets the domains of each new app.

`pip install 'miniapp_tp[asgi]' fastapi uvicorn`, the settings below in the environment, then `uvicorn service:app`.
Enter https://<host>/push/baidu and /push/kuaishou at the providers. Without accounts: `miniapp-tp sandbox --push-to`.
"""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Cookie, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse, RedirectResponse

from miniapp_tp import AppAuthorized, BaiduClient, Event, Fleet, KuaishouClient, PushApp, ServerDomains, open_store

HOME = os.environ["HOME_URL"]  # what browsers call this service, as "https://tp.example.com"
DOMAINS = ServerDomains(request=["api.example.com"], socket=["ws.example.com"])

store = open_store(os.environ["STORE_URL"], key=os.environ.get("STORE_KEY"))
baidu = BaiduClient(
    os.environ["BAIDU_CLIENT_ID"],
    store=store,
    push_token=os.environ["BAIDU_PUSH_TOKEN"],
    push_key=os.environ["BAIDU_PUSH_KEY"],
    base_url=os.environ.get("BAIDU_URL", "https://openapi.baidu.com"),
)
kuaishou = KuaishouClient(
    os.environ["KUAISHOU_APP_ID"],
    os.environ["KUAISHOU_APP_SECRET"],
    store=store,
    push_token=os.environ["KUAISHOU_PUSH_TOKEN"],
    push_key=os.environ["KUAISHOU_PUSH_KEY"],
    authorization_page=os.environ["KUAISHOU_AUTHORIZATION_PAGE"],
    base_url=os.environ.get("KUAISHOU_URL", "https://open.kuaishou.com"),
)
fleet = Fleet([baidu, kuaishou])


async def handle(event: Event) -> None:
    """Deal with an event; it may come twice, and setting domains twice does no harm."""
    if isinstance(event, AppAuthorized) and event.app:
        await fleet.set_server_domain(event.app, DOMAINS)


push = PushApp(fleet, handle)


@asynccontextmanager
async def life(_app: FastAPI) -> AsyncGenerator[None]:
    """Handle events from the start, and finish those in hand at the end."""
    async with fleet, push:
        yield
    await store.aclose()


app = FastAPI(lifespan=life)
app.mount("/push", push)


@app.get("/authorize/{provider}")
async def authorize(provider: str) -> RedirectResponse:
    """Send a merchant's browser to the provider; the link to here stands on a page of ours."""
    state = secrets.token_urlsafe()
    back = f"{HOME}/authorized/{provider}"
    answer = RedirectResponse(await _client(provider).get_authorization_url(back, state=state))
    answer.set_cookie("state", state, max_age=1200, httponly=True, samesite="lax", secure=HOME.startswith("https:"))
    return answer


@app.get("/authorized/{provider}")
async def authorized(
    provider: str, authorization_code: str, state: str, known: Annotated[str, Cookie(alias="state")] = ""
) -> PlainTextResponse:
    """Take the browser back, if it is the one that was sent."""
    if not known or not secrets.compare_digest(state.encode(), known.encode()):
        raise HTTPException(403, "begin again: this isn't the browser that was sent to authorize")
    grant = await _client(provider).authorize(authorization_code)
    await fleet.set_server_domain(f"{provider}:{grant.app}", DOMAINS)
    return PlainTextResponse(f"{grant.app} is connected")


def _client(provider: str) -> BaiduClient | KuaishouClient:
    match provider:
        case "baidu":
            return baidu
        case "kuaishou":
            return kuaishou
        case _:
            raise HTTPException(404)
