"""No ticket, code, token or secret gets out by the refusal of what is given."""

from __future__ import annotations

from typing import Any

import pytest

from miniapp_tp import (
    InvalidArgument,
    KuaishouClient,
)
from miniapp_tp.sandbox.world import World
from tests.support.canaries import CORE, SECRET, frames_of, sings, texts_of
from tests.support.granting import APP, KS_APP, Noting
from tests.support.scripted import script
from tests.support.watching import BOTH, Case


@BOTH
async def test_arguments_that_are_refused(case: Case) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    text: Any = f"{CORE}-secret-text"
    client = case.client(world, store=Noting(), transport=script())
    own = case.client(world, tokens={case.app: text}, transport=script())
    calls = [
        client.save_ticket(text, at=float("nan")),
        client.save_ticket(text.encode()),
        client.authorize(text.encode()),
        client.authorize(text, app=""),
        client.adopt("", access_token=text, refresh_token=text, expires_at=0),
        client.adopt(case.app, access_token=text, refresh_token=text, expires_at=float("inf")),
        client.adopt(case.app, access_token=text.encode(), refresh_token=text.encode(), expires_at=0),
        own.save_ticket(text),
        own.authorize(text),
        own.adopt(case.app, access_token=text, refresh_token=text, expires_at=0),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument) as caught:
            await call
        assert frames_of(caught.value)
        assert [found for found in texts_of(caught.value) if sings(found[1])] == []


@pytest.mark.parametrize("secret", [SECRET.encode(), [SECRET], 5, ""], ids=["bytes", "list", "number", "empty"])
async def test_a_components_secret_that_is_none(secret: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="component_app_secret") as caught:
        KuaishouClient("ks1", secret, store=Noting())
    assert caught.value.provider == "kuaishou"
    assert [found for found in texts_of(caught.value) if sings(found[1])] == []


@pytest.mark.parametrize(
    "wrong", [{"store": None}, {"base_url": "http://x.example"}, {"refresh_path": "no slash"}], ids=str
)
async def test_constructors_that_refuse(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"store": Noting(), **wrong}
    with pytest.raises(InvalidArgument) as caught:
        KuaishouClient("ks1", SECRET, **given)
    assert [found for found in texts_of(caught.value) if sings(found[1])] == []
