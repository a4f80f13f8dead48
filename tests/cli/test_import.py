"""`miniapp-tp grants import`: whatever an operator's database exports, without one token being shown."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import define, field
from click.testing import CliRunner, Result

from miniapp_tp import BaiduClient, KuaishouClient, Secret, open_store
from miniapp_tp.cli.commands import command
from miniapp_tp.cli.importing import Imported, import_grants
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import AppRecord, from_bytes
from tests.cli.processes import COMMAND, PATIENCE, environment
from tests.support.granting import Noting
from tests.support.scripted import script

COMPONENT = "a-client-id"
ACCESS, REFRESH = "45.q7zcanary-access", "46.q7zcanary-refresh"
HEADER = "app,access_token,refresh_token,expires_at"
EPOCH = 1_700_000_000.0
NEEDS = "it needs app and refresh_token (columns: app, access_token, refresh_token, expires_at)"
MOMENT = "expires_at is epoch seconds, or a date and time with its zone"


@define
class Desk:
    """Where grants are imported: a file, and what is kept in it."""

    path: Path
    environ: dict[str, str] = field(factory=lambda: {"MINIAPP_TP_LANG": "en"})

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def take(self, text: str | bytes, *options: str, provider: str = "baidu") -> Result:
        arguments = ["grants", "import", "--provider", provider, "--component", COMPONENT, "--store", self.url]
        result = CliRunner(env=self.environ).invoke(command, [*arguments, *options], input=text)
        assert "canary" not in result.output
        assert "canary" not in result.stderr
        return result

    def kept(self, provider: str = "baidu") -> dict[str, AppRecord]:
        """Give all that is kept, by app."""

        async def read() -> dict[str, AppRecord]:
            store = open_store(self.url)
            found: dict[str, AppRecord] = {}
            async for app in store.names(f"{provider}:{COMPONENT}", "app"):
                value = (await store.load(Key(f"{provider}:{COMPONENT}", "app", app))).value
                assert value is not None
                found[app] = from_bytes(AppRecord, value)
            await store.aclose()
            return found

        return anyio.run(read)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "tokens.db")


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in (HEADER, *rows))


# --- what is read -----------------------------------------------------------------------------------------------

WHOLE: dict[str, str | bytes] = {
    "csv": lines(f"1,{ACCESS},{REFRESH},1700000000", f"2,{ACCESS},{REFRESH},1700000000"),
    "mark": "\ufeff" + lines(f"1,{ACCESS},{REFRESH},1700000000", f"2,{ACCESS},{REFRESH},1700000000"),
    "windows": lines(f"1,{ACCESS},{REFRESH},1700000000", f"2,{ACCESS},{REFRESH},1700000000")
    .replace("\n", "\r\n")
    .encode(),
    "quotes": f'"app","access_token","refresh_token","expires_at"\n"1","{ACCESS}","{REFRESH}","1700000000"\n'
    f'2,"{ACCESS}",{REFRESH},1700000000.0\n',
    "spaces": f" app , access_token , refresh_token , expires_at \n1 , {ACCESS} , {REFRESH} , 1700000000 \n"
    f" 2,{ACCESS},{REFRESH}, 1700000000",
    "order": f"expires_at,id,refresh_token,app,access_token\n1700000000,9,{REFRESH},1,{ACCESS}\n"
    f"2023-11-14T22:13:20Z,9,{REFRESH},2,{ACCESS}\n",
    "blank lines": "\n\n" + lines(f"1,{ACCESS},{REFRESH},1700000000", "", f"2,{ACCESS},{REFRESH},1700000000", ""),
    "zones": lines(
        f"1,{ACCESS},{REFRESH},2023-11-14T22:13:20+00:00", f"2,{ACCESS},{REFRESH},2023-11-15 06:13:20+08:00"
    ),
    "json": "".join(
        json.dumps({"app": app, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at": at}) + "\n"
        for app, at in ((1, 1700000000), ("2", "1700000000"))
    ),
    "json mark": "\ufeff\n  "
    + "\n\n".join(
        json.dumps({"app": app, "access_token": ACCESS, "refresh_token": REFRESH, "expires_at": EPOCH, "more": [1]})
        for app in ("1", "2")
    ),
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_what_is_whole_is_taken_over(desk: Desk, text: str | bytes) -> None:
    result = desk.take(text)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "2 taken over, 0 kept already, 0 failed\n"
    kept = desk.kept()
    assert sorted(kept) == ["1", "2"]
    for record in kept.values():
        assert record.access == Secret(ACCESS)
        assert record.refresh == Secret(REFRESH)
        assert record.expires_at == EPOCH


@pytest.mark.parametrize(
    "text",
    [
        f"app,refresh_token\n1,{REFRESH}\n",
        f"app,access_token,refresh_token,expires_at\n1,,{REFRESH},\n",
        f"app,access_token,refresh_token\n1, ,{REFRESH}\n",
        json.dumps({"app": "1", "refresh_token": REFRESH}),
        json.dumps({"app": "1", "refresh_token": REFRESH, "access_token": None, "expires_at": None}),
    ],
)
def test_an_app_and_a_refresh_token_are_enough(desk: Desk, text: str) -> None:
    assert desk.take(text, provider="kuaishou").exit_code == 0
    record = desk.kept("kuaishou")["1"]
    assert (record.access, record.refresh, record.expires_at) == (None, Secret(REFRESH), 0.0)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f",{ACCESS},{REFRESH},1700000000", NEEDS),
        (f"2,{ACCESS},,1700000000", NEEDS),
        (f"2,{ACCESS}", NEEDS),
        (f"  ,{ACCESS},{REFRESH},0", NEEDS),
        (f"2,{ACCESS},{REFRESH},tomorrow", MOMENT),
        (f"2,{ACCESS},{REFRESH},2023-11-14T22:13:20", MOMENT),
        (f"2,{ACCESS},{REFRESH},1700000000000", "a moment is epoch seconds, not milliseconds"),
        (f"2,{ACCESS},{REFRESH},nan", "a moment is epoch seconds, not milliseconds"),
        (f"2,{ACCESS},{REFRESH},-1", "a moment is epoch seconds, not milliseconds"),
        (f"2,{'x' * 200_000},{REFRESH},0", NEEDS),
    ],
    ids=["no app", "no token", "short", "blank", "no moment", "no zone", "milliseconds", "nan", "negative", "too long"],
)
def test_a_bad_row_is_named_by_its_line_and_stops_no_other(desk: Desk, row: str, why: str) -> None:
    result = desk.take(lines(f"1,{ACCESS},{REFRESH},0", row, f"3,{ACCESS},{REFRESH},0"))
    assert result.exit_code == 1
    assert f"line 3: {why}" in result.stderr.replace("baidu adopt 2: ", "")
    assert result.stdout == "2 taken over, 0 kept already, 1 failed\n"
    assert sorted(desk.kept()) == ["1", "3"]


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        '"text"',
        "{}",
        f'{{"app": "2", "refresh_token": "{REFRESH}"',
        f'{{"app": ["2"], "refresh_token": "{REFRESH}"}}',
        '{"app": "2", "refresh_token": {"canary": 1}}',
        f'{{"app": true, "refresh_token": "{REFRESH}"}}',
    ],
)
def test_a_bad_line_of_json(desk: Desk, line: str) -> None:
    good = [json.dumps({"app": app, "refresh_token": REFRESH, "access_token": 5}) for app in ("1", "3")]
    result = desk.take("\n".join([good[0], "", line, good[1]]))
    assert (result.exit_code, sorted(desk.kept())) == (1, ["1", "3"])
    assert f"line 3: {NEEDS}" in result.stderr


def test_a_quoted_row_over_several_lines_is_named_by_its_last(desk: Desk) -> None:
    result = desk.take(lines('"1\n1",,,', f"2,,{REFRESH},"))
    assert f"line 3: {NEEDS}" in result.stderr
    assert sorted(desk.kept()) == ["2"]


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, f"{HEADER}\n"])
def test_nothing_is_no_mistake(desk: Desk, text: str) -> None:
    result = desk.take(text)
    assert (result.exit_code, result.stdout) == (0, "0 taken over, 0 kept already, 0 failed\n")


def test_without_a_header_every_row_is_bad(desk: Desk) -> None:
    result = desk.take(f"1,{ACCESS},{REFRESH},0\n2,{ACCESS},{REFRESH},0\n")
    assert result.exit_code == 1
    assert f"line 2: {NEEDS}" in result.stderr


# --- twice ------------------------------------------------------------------------------------------------------


def test_it_can_be_repeated(desk: Desk) -> None:
    text = lines(f"1,{ACCESS},{REFRESH},0", f"2,{ACCESS},{REFRESH},0")
    assert desk.take(text).exit_code == 0
    before = desk.kept()
    result = desk.take(text.replace(REFRESH, "46.older"))
    assert (result.exit_code, result.stdout) == (0, "0 taken over, 2 kept already, 0 failed\n")
    assert desk.kept() == before


def test_what_is_kept_is_replaced_only_for_who_says_so(desk: Desk) -> None:
    desk.take(lines(f"1,{ACCESS},{REFRESH},0"))
    result = desk.take(lines(f"1,{ACCESS},46.another,0"), "--replace")
    assert (result.exit_code, result.stdout) == (0, "1 taken over, 0 kept already, 0 failed\n")
    assert desk.kept()["1"].refresh == Secret("46.another")


def test_an_app_that_stands_there_twice_is_kept_once(desk: Desk) -> None:
    result = desk.take(lines(f"1,{ACCESS},{REFRESH},0", f"1,{ACCESS},{REFRESH},0"))
    assert result.stdout == "1 taken over, 1 kept already, 0 failed\n"


# --- what is said -----------------------------------------------------------------------------------------------


def test_json(desk: Desk) -> None:
    result = desk.take(lines(f"1,,{REFRESH},0", "2,,,", f"3,,{REFRESH},x", f"1,,{REFRESH},0"), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "adopted": 1,
        "skipped": 1,
        "failed": [{"line": 3, "why": NEEDS}, {"line": 4, "why": MOMENT}],
    }


def test_chinese(desk: Desk) -> None:
    desk.environ["MINIAPP_TP_LANG"] = "zh"
    result = desk.take(lines(f"1,,{REFRESH},0", "2,,,", f"3,,{REFRESH},x"))
    assert result.exit_code == 1
    assert "第 3 行: 缺少 app 或 refresh_token" in result.stderr
    assert "第 4 行: expires_at 应为 epoch 秒数" in result.stderr
    assert result.stdout == "接管 1, 已存在 0, 失败 2\n"


def test_help_in_both_languages() -> None:
    said: dict[str, str] = {}
    for language in ("en", "zh"):
        done = subprocess.run(
            [*COMMAND, "grants", "import", "--help"],
            env=environment(MINIAPP_TP_LANG=language),
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=True,
        )
        said[language] = " ".join(done.stdout.split())
    assert "Take over grants from elsewhere" in said["en"]
    assert said["en"].isascii()
    assert "接管已有授权" in said["zh"]
    options = [{word for word in text.split() if word.startswith("--")} for text in said.values()]
    assert options[0] == options[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--provider"),
        (["--provider", "another", "--component", "c", "--store", "memory://"], "--provider"),
        (["--provider", "baidu", "--store", "memory://"], "--component"),
        (["--provider", "baidu", "--component", "c"], "--store"),
    ],
)
def test_what_is_missing(arguments: list[str], named: str) -> None:
    result = CliRunner(env={"MINIAPP_TP_STORE": None}).invoke(command, ["grants", "import", *arguments], input="")
    assert result.exit_code == 2
    assert named in result.stderr


@pytest.mark.parametrize(
    ("component", "store"), [("c", "mysql://user:canary@host/x"), (" ", "memory://"), ("c", "canary")]
)
def test_what_cant_be_used_is_said_in_a_line(component: str, store: str) -> None:
    arguments = ["grants", "import", "--provider", "baidu", "--component", component, "--store", store]
    result = CliRunner(env={"MINIAPP_TP_LANG": "en"}).invoke(command, arguments, input=lines(f"1,,{REFRESH},0"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "canary" not in result.output


def test_the_store_may_stand_in_the_environment(desk: Desk) -> None:
    arguments = ["grants", "import", "--provider", "baidu", "--component", COMPONENT]
    runner = CliRunner(env={"MINIAPP_TP_STORE": desk.url, "MINIAPP_TP_LANG": "en"})
    assert runner.invoke(command, arguments, input=lines(f"1,,{REFRESH},0")).exit_code == 0
    assert list(desk.kept()) == ["1"]


def test_a_store_that_cant_be_opened_is_said_by_row(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "no such folder" / "tokens.db")
    result = desk.take(lines(f"1,{ACCESS},{REFRESH},0", f"2,{ACCESS},{REFRESH},0"))
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "2 failed" in result.stdout or result.stderr.startswith("Error: ")


# --- the function itself ----------------------------------------------------------------------------------------


@define
class Watched(Iterator[str]):
    """Lines that tell how far they were read."""

    lines: Iterator[str]
    read: int = 0

    def __next__(self) -> str:
        line = next(self.lines)
        self.read += 1
        return line


async def test_thousands_are_read_no_faster_than_they_are_kept() -> None:
    count = 5_000
    store = Noting()
    watched = Watched(iter([f"{HEADER}\n", *(f"{app},,46.{app},0\n" for app in range(count))]))
    ahead: list[int] = []
    done: list[int] = []

    def advance() -> None:
        done.append(1)
        ahead.append(watched.read - len(done))

    client = BaiduClient(COMPONENT, store=store, transport=script())
    result = await import_grants(client, watched, replace=False, advance=advance)
    assert result == Imported(adopted=count)
    assert len(done) == count
    assert max(ahead) < 100
    assert store.notes == ["save app pair"] * count


async def test_a_store_that_fails_fails_single_rows() -> None:
    store = Noting()
    store.fails["acquire app"] = 2
    client = KuaishouClient(COMPONENT, store=store, transport=script())
    result = await import_grants(client, _rows(5), replace=False, advance=lambda: None)
    assert (result.adopted, result.skipped, len(result.failed)) == (3, 0, 2)
    assert all(why.endswith("the disk is full") for why in result.failed.values())


def _rows(count: int) -> Iterable[str]:
    return io.StringIO(lines(*(f"{app},,{REFRESH},0" for app in range(count))))


async def test_another_mistake_ends_it() -> None:
    class Broken(Noting):
        async def load(self, key: Any) -> Any:  # noqa: ANN401 - as the store's
            raise LookupError

    client = BaiduClient(COMPONENT, store=Broken(), transport=script())
    with pytest.raises(LookupError):
        await import_grants(client, _rows(3), replace=False, advance=lambda: None)


def test_what_it_came_to() -> None:
    result = Imported(1, 2, {9: "b", 3: "a"})
    assert result.as_dict() == {
        "adopted": 1,
        "skipped": 2,
        "failed": [{"line": 3, "why": "a"}, {"line": 9, "why": "b"}],
    }
