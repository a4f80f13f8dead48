"""The categories that an app may have, and what they ask for: the answer of `list_categories`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from miniapp_tp.models.vocabulary import CategoryKind, Unknown


@frozen
class QualificationItem:
    """A paper that a category asks for.

    Attributes:
        id: The provider's id, as text.
        required: Whether it must be shown; `None` where the provider doesn't tell.
        name: What it is called.
        description: What more the provider says about it.
        raw: The provider's own object.
    """

    id: str | None = None
    required: bool | None = None
    name: str | None = None
    description: str | None = None
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class QualificationRule:
    """What a category asks for.

    Attributes:
        description: What the provider says about it.
        items: The papers; of those that stand together one is enough.
        raw: The provider's own object.
    """

    description: str | None = None
    items: tuple[tuple[QualificationItem, ...], ...] = ()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Subcategory:
    """A category that an app may have.

    Attributes:
        id: The provider's id, as text: what `CategoryChoice` takes.
        name: What it is called.
        kind: For whose apps it is.
        needs_qualification: Whether it asks for papers; `None` where the provider doesn't tell.
        qualification: Which, if it tells.
        raw: The provider's own object.
    """

    id: str | None = None
    name: str | None = None
    kind: CategoryKind | Unknown = Unknown(None)
    needs_qualification: bool | None = None
    qualification: QualificationRule | None = None
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class CategoryGroup:
    """Categories under one heading.

    Source: seed 000 获取小程序全类目列表.

    Attributes:
        id: The provider's id of the heading, as text; an app has subcategories, never a heading itself.
        name: The heading.
        kind: For whose apps it is: an enterprise may have all categories, a person only the personal ones.
        items: The categories.
        raw: The provider's own object.
    """

    id: str | None = None
    name: str | None = None
    kind: CategoryKind | Unknown = Unknown(None)
    items: tuple[Subcategory, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
