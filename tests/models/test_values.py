"""The remaining values: vocabularies that stay open, an app's information, outcomes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

import miniapp_tp
from miniapp_tp import models
from miniapp_tp.models import (
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    DomainAction,
    Done,
    EditsLeft,
    Failed,
    OfApp,
    Outcome,
    Subject,
    SubjectType,
    Unknown,
)

if TYPE_CHECKING:
    from enum import Enum


def test_what_models_exports_is_there() -> None:
    assert all(hasattr(models, name) for name in models.__all__)


@pytest.mark.parametrize(
    ("vocabulary", "words"),
    [
        (DomainAction, "SET ADD DELETE"),
        (
            AppStatus,
            "ONLINE NOT_ONLINE INCOMPLETE AUDITING PAUSED FORCED_OFFLINE RECTIFYING FLOW_OFFLINE BANNED",
        ),
        (AuditStatus, "AUDITING PASSED REJECTED"),
        (SubjectType, "PERSON ENTERPRISE GOVERNMENT MEDIA OTHER"),
    ],
)
def test_the_words_of_a_vocabulary_are_those_promised(vocabulary: type[Enum], words: str) -> None:
    assert [word.name for word in vocabulary] == words.split()
    assert [word.value for word in vocabulary] == [word.lower().replace("_", " ") for word in words.split()]
    assert getattr(miniapp_tp, vocabulary.__name__, vocabulary) is vocabulary


def test_a_word_that_is_not_known_keeps_its_code_and_is_no_word() -> None:
    assert Unknown(7) == Unknown(7)
    assert Unknown(7) != Unknown("7")
    assert Unknown(None).code is None
    assert repr(Unknown(7)) == "Unknown(code=7)"


def test_an_app_of_which_nothing_is_known_says_so_everywhere() -> None:
    info = AppInfo("an-app")
    assert isinstance(info, OfApp)
    assert (info.app, info.name, info.icon_url, info.description, info.subject) == ("an-app", None, None, None, None)
    assert (info.name_audit, info.icon_audit, info.description_audit, info.categories) == (None, None, None, ())
    assert info.status == Unknown(None)
    assert info.edits_left == EditsLeft(None, None, None, None)
    assert info.raw == {}
    assert Subject() == Subject(None, Unknown(None), Unknown(None))
    assert Category() == Category(None, None, Unknown(None), None)
    assert Audit("a name") == Audit("a name", Unknown(None), None)


def test_the_raw_object_is_in_no_repr_but_counts_for_equality() -> None:
    info = AppInfo("an-app", name="a name", raw={"app_key": "made up"})
    assert "made up" not in repr(info)
    assert info != AppInfo("an-app", name="a name")
    assert isinstance(hash(info), int)


def test_an_app_info_travels_between_processes() -> None:
    info = AppInfo("an-app", status=AppStatus.ONLINE, categories=(Category("1"),), raw={"a": [1]})
    assert pickle.loads(pickle.dumps(info)) == info  # noqa: S301 - our own


def test_an_outcome_is_matched_by_position() -> None:
    def told(outcome: Outcome[int]) -> str:
        match outcome:
            case Done(app, value):
                return f"{app}: {value}"
            case Failed(app, error):
                return f"{app}: {error}"

    assert told(Done("an-app", 5)) == "an-app: 5"
    assert told(Failed("an-app", ValueError("no"))) == "an-app: no"
