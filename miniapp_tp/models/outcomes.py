"""What became of one app in a bulk operation."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import frozen

R_co = TypeVar("R_co", covariant=True)


@frozen
class Done(Generic[R_co]):
    """It worked.

    Attributes:
        app: The item of the source.
        value: What the function returned.
    """

    app: str
    value: R_co


@frozen
class Failed:
    """It didn't.

    Attributes:
        app: The item of the source.
        error: What the function raised.
    """

    app: str
    error: Exception


R = TypeVar("R")
Outcome = Done[R] | Failed
"""`Done(app, value)` or `Failed(app, error)`."""
