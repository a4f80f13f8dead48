"""What the command is told once and for all: a TOML file, and the environment, which outranks it.

Secrets are named, not written down: the file says which variable, file or keyring entry holds them.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from miniapp_tp.cli.language import say
from miniapp_tp.client.component import BaiduClient, ComponentClient, KuaishouClient
from miniapp_tp.client.fleet import Fleet
from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.address import open_store
from miniapp_tp.transport.lane import Pace
from miniapp_tp.transport.pacing import Pacing
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore

FILE: Final = "miniapp-tp.toml"
VARIABLE: Final = "MINIAPP_TP_"
"""What the names of variables start with: `MINIAPP_TP_CONFIG`, `MINIAPP_TP_STORE`, `MINIAPP_TP_JOURNAL`."""

_TOP: Final = {"store", "journal", "components"}
_COMPONENT: Final = {
    "provider",
    "id",
    "secret",
    "base_url",
    "tokens",
    "refresh_path",
    "authorization_page",
    "per_second",
    "at_once",
}


@frozen
class Component:
    """A component as it is configured.

    Attributes:
        name: Its name, which apps are qualified with where there is more than one.
        provider: `baidu` or `kuaishou`.
        id: Its id at the provider.
        settings: What else the file says of it.
    """

    name: str
    provider: str
    id: str
    settings: Mapping[str, Any]


@frozen
class Settings:
    """What the command is told once and for all.

    Attributes:
        store: The address of the store of tokens.
        journal: The address of the journal of runs.
        components: The components, by their names.
    """

    store: str | None
    journal: str
    components: Mapping[str, Component]

    @classmethod
    def load(cls, path: str | None = None) -> Settings:
        """Read the file, and the environment.

        Args:
            path: The file; `MINIAPP_TP_CONFIG`, or `miniapp-tp.toml` here if there is one, if `None`.

        Raises:
            InvalidArgument: The file can't be read, or something in it can't be meant.
        """
        given = path or os.environ.get(f"{VARIABLE}CONFIG")
        found = _read(Path(given)) if given else (_read(Path(FILE)) if Path(FILE).exists() else {})
        _known("", found, _TOP)
        tables = cast("dict[str, dict[str, Any]]", found.get("components", {}))
        return cls(
            store=os.environ.get(f"{VARIABLE}STORE") or found.get("store"),
            journal=os.environ.get(f"{VARIABLE}JOURNAL") or found.get("journal") or "sqlite:///runs.db",
            components={name: _component(name, table) for name, table in tables.items()},
        )

    def client(self, only: str | None = None) -> tuple[ComponentClient | Fleet, TokenStore | None]:
        """Make a client of one component, or a fleet of all; and the store to be closed behind it.

        Args:
            only: The name of the component, if it isn't all.

        Raises:
            InvalidArgument: No such component, or none at all, or a secret that isn't where it is said to be.
        """
        if not self.components:
            raise InvalidArgument(
                say(
                    f"no component is configured: write [components.baidu] with provider and id into {FILE}",
                    f"未配置任何第三方平台: 请在 {FILE} 中写入 [components.baidu], 包含 provider 与 id",
                )
            )
        if only is not None and only not in self.components:
            known = ", ".join(self.components)
            raise InvalidArgument(
                say(f"there is no component {only!r}; there are {known}", f"没有 {only!r}; 已配置: {known}")
            )
        chosen = [self.components[only]] if only else list(self.components.values())
        store = open_store(self.store) if self.store and any("tokens" not in one.settings for one in chosen) else None
        clients = {one.name: _client(one, store) for one in chosen}
        return (next(iter(clients.values())) if len(clients) == 1 else Fleet(clients)), store


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
    except ValueError as problem:  # TOML's own, and what isn't UTF-8
        why = f"{type(problem).__name__}: {problem}"
    raise InvalidArgument(say(f"{path} can't be read: {why}", f"无法读取 {path}: {why}"))


def _known(place: str, found: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(found.keys() - known):
        words = ", ".join(sorted(known))
        raise InvalidArgument(
            say(f"{place}{unknown[0]} isn't known; there are {words}", f"{place}{unknown[0]} 不是已知的设置: {words}")
        )


def _component(name: str, table: Mapping[str, Any]) -> Component:
    place = f"components.{name}."
    _known(place, table, _COMPONENT)
    provider, own_id = table.get("provider", name), table.get("id")
    if provider not in {"baidu", "kuaishou"} or not isinstance(own_id, str):
        raise InvalidArgument(
            say(
                f"{place}provider is baidu or kuaishou, and {place}id is the component's id, a text",
                f"{place}provider 应为 baidu 或 kuaishou, {place}id 应为第三方平台标识",
            )
        )
    return Component(name, provider, own_id, {key: value for key, value in table.items() if key != "provider"})


@frozen
class _Tokens:
    """Apps' tokens that somebody else keeps; a repr or a traceback shows none of them."""

    known: Mapping[str, str] = field(repr=False)

    async def __call__(self, app: str) -> str:
        if app not in self.known:
            message = say("there is no token of this app", "没有该小程序的 token")
            raise InvalidArgument(message).within(app=app)
        return self.known[app]


def _client(component: Component, store: TokenStore | None) -> ComponentClient:
    given = dict(component.settings)
    own_id, secret, tokens = given.pop("id"), given.pop("secret", None), given.pop("tokens", None)
    pace = Pace(per_second=given.pop("per_second", None), at_once=given.pop("at_once", None))
    given["pacing"] = Pacing(component=pace)
    if tokens is None:
        given["store"] = store
    else:
        given["tokens"] = _tokens(component.name, tokens)
    if component.provider == "baidu":
        return BaiduClient(own_id, **given)
    place = f"components.{component.name}.secret"
    return KuaishouClient(own_id, None if secret is None else revealed(place, secret), **given)


def _tokens(name: str, where: object) -> _Tokens:
    """Read apps' tokens that somebody else keeps: a JSON object from app id to token."""
    tokens = _parsed(revealed(f"components.{name}.tokens", where))
    if tokens is None:
        raise InvalidArgument(
            say(
                f"components.{name}.tokens leads to no JSON object of tokens by app id",
                f"components.{name}.tokens 所指内容不是以小程序 id 为键的 JSON 对象",
            )
        )
    return tokens


def _parsed(text: Secret) -> _Tokens | None:
    try:
        found: Any = json.loads(text.reveal())
    except ValueError:
        return None
    return _Tokens(cast("dict[str, str]", found)) if isinstance(found, dict) else None


def revealed(place: str, where: object) -> Secret:
    """Get a secret from where the file says that it is.

    Args:
        place: Its place in the file, for messages.
        where: `{env = "NAME"}`, `{file = "path"}` or `{keyring = "service/user"}`.

    Raises:
        InvalidArgument: It isn't there, or stands in the file itself.
    """
    table = cast("dict[str, Any]", where) if isinstance(where, dict) else {}
    where = None  # or else a traceback's locals would show a secret that stands here by mistake
    way = next(iter(table), "")
    if len(table) != 1 or way not in _WAYS or not isinstance(table[way], str):
        table = {}
        raise InvalidArgument(
            say(
                f'{place} names where the secret is, as {{ env = "NAME" }}, {{ file = "path" }} or '
                f'{{ keyring = "service/user" }}; it doesn\'t stand here itself',
                f'{place} 只写密钥的位置: {{ env = "NAME" }}、{{ file = "path" }} 或 {{ keyring = "service/user" }}, '
                f"不要写密钥本身",
            )
        )
    found = _WAYS[way](table[way])
    if found is None:
        raise InvalidArgument(
            say(f"{place}: there is no secret in {way} {table[way]}", f"{place}: {way} {table[way]} 中没有密钥")
        )
    return found


def _from_environment(name: str) -> Secret | None:
    return Secret(os.environ[name]) if os.environ.get(name) else None


def _from_file(path: str) -> Secret | None:
    try:
        return Secret(Path(path).read_text("utf-8").strip())
    except (OSError, ValueError):
        return None


def _from_keyring(name: str) -> Secret | None:
    try:
        keyring: Any = import_module("keyring")
    except ModuleNotFoundError:
        raise InvalidArgument(
            say(
                "secrets in a keyring take the extra: pip install 'miniapp_tp[keyring]'",
                "使用 keyring 需安装: pip install 'miniapp_tp[keyring]'",
            )
        ) from None
    service, _, user = name.partition("/")
    found = keyring.get_password(service, user)
    return Secret(found) if found else None


_WAYS: Final = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
