"""What all that look for grants' secrets share: what is planted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from miniapp_tp.sandbox import baidu, kuaishou
from miniapp_tp.sandbox.grants import Kind, Terms
from tests.support.canaries import CORE, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the sandbox hand out nothing that doesn't sing."""
    for side in (baidu, kuaishou):
        kinds = {name: _sung(getattr(side.TERMS, name)) for name in _KINDS}
        monkeypatch.setattr(side, "TERMS", evolve(side.TERMS, **kinds))
    monkeypatch.setattr(kuaishou, "SECRET", SECRET)
    for side in (baidu, kuaishou):
        monkeypatch.setattr(side, "new_app", _singing(side.new_app))


_KINDS: Final = [name for name in Terms.__annotations__ if name != "access_life"]


def _sung(kind: Kind) -> Kind:
    return evolve(kind, prefix=f"{kind.prefix}{CORE}/+&=%20-")


def _singing(new_app: Callable[[str, int], Any]) -> Callable[[str, int], Any]:
    def make(app: str, place: int) -> Any:  # noqa: ANN401 - the sandbox's own
        one = new_app(app, place)
        one.token = f"45.{CORE}/+&=%20-{app}"
        return one

    return make
