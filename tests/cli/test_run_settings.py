"""Where the commands that change apps have their settings and secrets from."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from miniapp_tp.sandbox import Sandbox
from tests.support.commanding import SET, TOML, WHY, call, sandboxed


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    with sandboxed(tmp_path, monkeypatch) as made:
        yield made


# --- settings ---------------------------------------------------------------------------------------------------------


def with_components(sandbox: Sandbox, tmp_path: Path, more: str = "") -> None:
    own_id, url = sandbox.kuaishou.component, sandbox.url
    kuaishou = f'[components.ks]\nprovider = "kuaishou"\nid = "{own_id}"\nbase_url = "{url}"\n{more}'
    text = TOML.format(url=url) + kuaishou
    tmp_path.joinpath("miniapp-tp.toml").write_text(text, "utf-8")
    tmp_path.joinpath("ks.json").write_text(json.dumps(dict(sandbox.kuaishou.tokens)), "utf-8")


def test_several_components_are_a_fleet(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "a-component-secret")
    with_components(sandbox, tmp_path, 'secret = { env = "A_SECRET" }\ntokens = { file = "ks.json" }\n')
    first = next(iter(sandbox.kuaishou.apps))
    tmp_path.joinpath("apps.csv").write_text(f"baidu:15000001\nks:{first}\n", "utf-8")
    assert call(*SET, "--json").exit_code == 0
    tmp_path.joinpath("apps.csv").write_text(first, "utf-8")
    assert call(*SET, "--component", "ks").exit_code == 0
    assert call("runs", "resume", "2").exit_code == 0
    with_components(sandbox, tmp_path, 'tokens = { file = "apps.csv" }\n')
    done = call("run", "get_info", "--apps", "apps.csv", "--component", "ks", *WHY)
    assert (done.exit_code, "no JSON object of tokens" in done.stderr) == (2, True)


def test_the_store_knows_the_apps(sandbox: Sandbox, tmp_path: Path) -> None:
    with_components(sandbox, tmp_path)
    text = tmp_path.joinpath("miniapp-tp.toml").read_text("utf-8").replace('tokens = { file = "tokens.json" }\n', "")
    tmp_path.joinpath("miniapp-tp.toml").write_text('store = "sqlite:///tokens.db"\n' + text, "utf-8")
    grants = "app,refresh_token,access_token,expires_at\n15000001,46.refresh,{},9999999999\n"
    words = ("--provider", "baidu", "--component", "sandbox-client", "--store", "sqlite:///tokens.db")
    given = grants.format(sandbox.baidu.tokens["15000001"])
    assert call("grants", "import", *words, given=given).exit_code == 0
    for more, app in ((("--component", "baidu"), "15000001"), ((), "baidu:15000001")):
        done = call("run", "get_info", "--apps", "store", *more, *WHY, "--json")
        assert (done.exit_code, json.loads(done.stdout)["done"]) == (0, 1)
        told = call("runs", "report", str(json.loads(done.stdout)["run"]), "--json").stdout
        assert json.loads(told)["app"] == app


class Keyring:
    """A keyring that knows one secret."""

    @staticmethod
    def get_password(service: str, user: str) -> str | None:
        return "a-component-secret" if (service, user) == ("miniapp", "ks") else None


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ('"a-component-secret"', "names where the secret is"),
        ('{ env = "A", file = "b" }', "names where the secret is"),
        ('{ vault = "x" }', "names where the secret is"),
        ('{ env = "NO_SUCH_VARIABLE" }', "no secret in env NO_SUCH_VARIABLE"),
        ('{ file = "none" }', "no secret in file none"),
        ('{ keyring = "miniapp/other" }', "no secret in keyring miniapp/other"),
        ('{ keyring = "miniapp/ks" }', ""),
    ],
)
def test_secrets_are_named_not_written_down(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, why: str
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Keyring)
    with_components(sandbox, tmp_path, f'secret = {secret}\ntokens = {{ file = "ks.json" }}\n')
    first = next(iter(sandbox.kuaishou.apps))
    done = call("info", first, "--component", "ks")
    assert done.exit_code == (2 if why else 0)
    assert why in done.stderr
    assert "a-component-secret" not in done.output


def test_a_keyring_takes_its_extra(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with_components(sandbox, tmp_path, 'secret = { keyring = "a/b" }\ntokens = { file = "ks.json" }\n')
    assert "miniapp_tp[keyring]" in call("info", "ks1", "--component", "ks").stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("journals = 1", "journals isn't known"),
        ("[components.baidu]\nid = 'x'\nsecrets = 1", "components.baidu.secrets isn't known"),
        ("[components.other]\nid = 'x'", "provider is baidu or kuaishou"),
        ("[components.baidu]\n", "the component's id"),
        ("[components.baidu]\nid = 'x'\nat_once = 0", "at_once is a whole number"),
        ("[", "can't be read"),
        ("", "no component is configured"),
    ],
)
def test_settings_that_cant_be_meant(sandbox: Sandbox, tmp_path: Path, text: str, why: str) -> None:
    tmp_path.joinpath("miniapp-tp.toml").write_text(text, "utf-8")
    done = call("info", "15000001")
    assert done.exit_code == 2
    assert why in " ".join(done.stderr.split())


def test_a_component_has_its_pace(sandbox: Sandbox, tmp_path: Path) -> None:
    with tmp_path.joinpath("miniapp-tp.toml").open("a", encoding="utf-8") as file:
        file.write("per_second = 20\nat_once = 1\n")
    started = time.monotonic()
    tmp_path.joinpath("apps.csv").write_text("\n".join(sandbox.baidu.apps), "utf-8")
    assert call(*SET, "--keep-before", "--json").exit_code == 0
    assert time.monotonic() - started > 3 / 20


def test_an_app_without_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.joinpath("tokens.json").write_text("{}", "utf-8")
    assert "there is no token of this app" in call("info", "15000001").stderr
