"""Secrets are taken out of what becomes evidence, however they are spelled."""

from __future__ import annotations

import html
import json
import time
from itertools import product
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miniapp_tp.wire.messages import MASK, Reply, Secret
from miniapp_tp.wire.redaction import evidence, redact

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN: Final = "45.9f/Ab+Cd_e-f.3600.77==0x"


def every(letter: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(map(letter, text))


ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent": lambda text: quote(text, safe=""),
    "percent, slashes kept": quote,
    "percent, of a form": quote_plus,
    "percent, lower hex": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "percent, every letter": every(lambda letter: f"%{ord(letter):02X}"),
    "percent, every letter, lower hex": every(lambda letter: f"%{ord(letter):02x}"),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent, twice, lower hex": every(lambda letter: f"%25{ord(letter):02x}"),
    "percent, three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "json": lambda text: json.dumps(text)[1:-1],
    "json, slashes escaped": lambda text: text.replace("/", "\\/"),
    "json in json, slashes escaped": lambda text: text.replace("/", "\\\\\\/"),
    "json, every letter": every(lambda letter: f"\\u{ord(letter):04x}"),
    "json, every letter, upper hex": every(lambda letter: f"\\u{ord(letter):04X}"),
    "json in json, every letter": every(lambda letter: f"\\\\u{ord(letter):04x}"),
    "html": html.escape,
    "html, decimal": every(lambda letter: letter if letter.isalnum() else f"&#{ord(letter)};"),
    "html, decimal, every letter": every(lambda letter: f"&#{ord(letter)};"),
    "html, hex": every(lambda letter: letter if letter.isalnum() else f"&#x{ord(letter):X};"),
    "html, hex, every letter, padded": every(lambda letter: f"&#x{ord(letter):04x};"),
}
SPELT = pytest.mark.parametrize("spell", ENCODINGS.values(), ids=ENCODINGS)
TOKENS = st.text("abcXYZ0123456789._-/+=", min_size=8, max_size=60)
SURROUNDINGS = st.one_of(st.text(max_size=30), st.text("%25\\u/&#x;\"'<>= 0aA", max_size=12))


def hides(text: str, secret: str) -> bool:
    """Tell whether no spelling of the first eight letters is left."""
    once = html.unescape(unquote(unquote(unquote(text))).replace("\\", ""))
    return not any(secret[:8].casefold() in seen.casefold() for seen in (text, unquote(text), once))


@SPELT
def test_a_secret_is_masked_whatever_its_spelling(spell: Callable[[str], str]) -> None:
    assert redact(f"before {spell(TOKEN)} after", [Secret(TOKEN)]) == f"before {MASK} after"


@SPELT
@pytest.mark.parametrize("length", [8, 9, 15, len(TOKEN) - 1])
def test_a_secret_that_was_cut_off_is_masked_as_far_as_it_goes(spell: Callable[[str], str], length: int) -> None:
    assert redact(f"before {spell(TOKEN[:length])}", [Secret(TOKEN)]) == f"before {MASK}"


@SPELT
def test_a_secret_is_masked_between_letters_and_as_often_as_it_is_there(spell: Callable[[str], str]) -> None:
    spelt = spell(TOKEN)
    assert redact(f"x{spelt}y{spelt}", [Secret(TOKEN)]) == f"x{MASK}y{MASK}"


def test_a_secret_of_letters_that_html_names_is_masked() -> None:
    secret = "<a&b>\"c\"'d'"
    assert redact(f"-{html.escape(secret)}-", [Secret(secret)]) == f"-{MASK}-"
    assert redact("-&LT;a&amp;b&gt;&quot;c&quot;&apos;d&apos;-", [Secret(secret)]) == f"-{MASK}-"


def test_several_secrets_are_masked() -> None:
    secrets = [Secret("first-secret"), Secret("other-secret")]
    assert redact("other-secret, first-secret", iter(secrets)) == f"{MASK}, {MASK}"


def test_what_only_resembles_a_secret_stays() -> None:
    text = f"{TOKEN[:7]} and {TOKEN[1:]} %2 \\u12 &#; &none; %zz 中文 ﬃ İ"
    assert redact(text, [Secret(TOKEN)]) == text


@pytest.mark.parametrize("secret", ["ab", "abcdefg"])
def test_a_short_secret_is_masked_whole(secret: str) -> None:
    assert redact(f"-{secret}-", [Secret(secret)]) == f"-{MASK}-"


def test_an_empty_secret_masks_nothing() -> None:
    assert redact("a text", [Secret("")]) == "a text"


LAYOUTS: Final = (
    "?{0}={1}&x=1",
    "{0}: {1}",
    "{0} = '{1}'",
    '{{"{0}":"{1}"}}',
    '{{"{0}" : "{1}", "x": 1}}',
    '{{"msg":"{{\\"{0}\\":\\"{1}\\"}}"}}',
    '{{"msg":"{{\\\\\\"{0}\\\\\\":\\\\\\"{1}\\\\\\"}}"}}',
    "{0}%3D{1}%26x",
    "%7B%22{0}%22%3A%22{1}%22%7D",
    "%257B%2522{0}%2522%253a%2522{1}%2522",
    "&quot;{0}&quot;:&quot;{1}&quot;",
    "&#34;{0}&#34;:&#34;{1}&#34;",
)
LABELS: Final = (
    *("access_token", "refresh_token", "component_access_token", "authorizer_access_token", "authorizer_refresh_token"),
    *("session_key", "session_secret", "client_secret", "app_secret", "component_app_secret", "ticket", "Ticket"),
    *("component_verify_ticket", "authorization_code", "pre_auth_code", "componentAccessToken", "ACCESS_TOKEN"),
    *("authorizerAccessToken", "authorizerRefreshToken", "componentTicket", "authorizationCode", "preAuthCode"),
)
VALUES: Final = ("42.new-token_~x", "aB+/==cD=", "ab\\/cd\\u002fef", "a&#x2F;bcdef", "abcdef")


@pytest.mark.parametrize(
    ("label", "layout", "value"),
    [
        *((label, LAYOUTS[0], VALUES[0]) for label in LABELS),
        *(("accessToken", *rest) for rest in product(LAYOUTS, VALUES)),
    ],
)
def test_what_is_labelled_as_a_credential_is_masked_though_nobody_knows_it(label: str, layout: str, value: str) -> None:
    told = redact(layout.format(label, value), [])
    before, _, after = layout.format(label, MASK).partition(MASK)
    assert told.startswith(f"{before}{MASK}")
    assert after.endswith(told.removeprefix(f"{before}{MASK}"))


@pytest.mark.parametrize(
    "text",
    [
        "Access token invalid or no longer valid",
        "no access_token",
        "access_token is missing",
        "ticket=old",
        'grant_type="refresh_token"',
        "错误的 access_token，请检查",
        "expires_in=7200",
    ],
)
def test_a_text_that_only_speaks_of_credentials_stays(text: str) -> None:
    assert redact(text, [Secret(TOKEN)]) == text


def test_what_is_too_long_to_keep_is_cut() -> None:
    assert redact("ab" * 20_000, [Secret(TOKEN)]) == "ab" * 8192


def test_evidence_has_the_beginning_of_the_body_and_the_headers_without_secrets() -> None:
    body = f"token {TOKEN} ".encode() + b"x" * 40_000
    headers = {"Location": f"https://a.example/?t={quote(TOKEN, safe='')}", "set-cookie": "session_key=abcdefgh"}
    kept = evidence(Reply(302, headers, body, complete=False), [Secret(TOKEN)])
    assert kept.text.startswith(f"token {MASK} xxx")
    assert len(kept.body) <= 16 * 1024
    assert kept.headers == {"location": f"https://a.example/?t={MASK}", "set-cookie": f"session_key={MASK}"}
    assert (kept.status, kept.complete) == (302, False)


def test_evidence_that_is_no_utf_8_is_kept_readable() -> None:
    assert evidence(Reply(200, body=b"\xffabc"), []).text == "\ufffdabc"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a" * 9,
            "access",
            "accessaccess_",
            "component",
            "ticket  ",
            "ticket\\\\",
            "%25",
            "%",
            "\\",
            "&#",
            "&#x",
            "& ",
        ),
        *("access_token", "session_key=", "%22", "x "),
    ],
)
def test_a_text_of_ten_times_the_length_takes_about_ten_times_as_long(text: str) -> None:
    def seconds(letters: int) -> float:
        started = time.process_time()
        redact(text * (letters // len(text)), [Secret(TOKEN)])
        return time.process_time() - started

    short = min(seconds(20_000) for _ in range(3))
    assert seconds(200_000) < 40 * short  # a hundred times, if each letter had to be looked at for each other


@given(TOKENS, SURROUNDINGS, SURROUNDINGS, st.sampled_from(sorted(ENCODINGS)))
@example("abcabcab", "abc", "abc", "plain")
def test_no_secret_remains_in_any_spelling_between_other_texts(token: str, before: str, after: str, name: str) -> None:
    told = redact(f"{before} {ENCODINGS[name](token)} {after}", [Secret(token)])
    assert MASK in told
    assert hides(told.replace(before, "").replace(after, ""), token)


@given(st.one_of(TOKENS, st.text(min_size=8)), SURROUNDINGS, SURROUNDINGS)
@example("45.abcdefgh", "%", "")
@example("u0041bcdefgh", "\\", "")
@example("#x41;bcdefgh", "&", "")
@example("a%41b%2Fcd&amp;\\u0041", "", "")
def test_no_secret_remains_as_it_stands_whatever_touches_it(token: str, before: str, after: str) -> None:
    told = redact(f"{before}{token}{after}", [Secret(token)])
    assert token not in told.replace(before or "\0", "").replace(after or "\0", "")
    assert MASK in told


@given(st.text(), st.lists(st.text(min_size=1, max_size=12), max_size=3))
def test_no_text_breaks_it(text: str, secrets: list[str]) -> None:
    assert isinstance(redact(text, map(Secret, secrets)), str)


# --- several secrets --------------------------------------------------------------------------------------------

ALIKE: Final = ("made-up-token-of-the-component", "made-up-token-of-the-app", "xy.made-up-token-of-nobody")


@SPELT
@pytest.mark.parametrize("known", [ALIKE, ALIKE[::-1]], ids=["in order", "in reverse"])
def test_secrets_that_begin_alike_dont_hide_each_other(spell: Callable[[str], str], known: tuple[str, ...]) -> None:
    secrets = [Secret(text) for text in known]
    for shown in ALIKE:
        assert redact(f"<{spell(shown)}>", secrets) == f"<{MASK}>"


def test_secrets_side_by_side_and_one_within_another() -> None:
    secrets = [Secret("one-secret"), Secret("two-secret"), Secret("a-one-secret-b")]
    assert redact("one-secrettwo-secret", secrets) == MASK + MASK
    assert redact("<a-one-secret-b>", secrets) == f"<{MASK}>"


@given(st.lists(TOKENS, min_size=1, max_size=4), st.text("abc", max_size=4), SURROUNDINGS)
def test_each_of_several_secrets_is_hidden(tokens: list[str], begin: str, around: str) -> None:
    known = [f"{begin}{token}" for token in tokens]
    text = around.join(["", *known, ""])
    found = redact(text, map(Secret, known))
    assert all(secret not in found for secret in known)
