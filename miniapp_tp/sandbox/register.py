"""What was handed out, of one kind: tickets, tokens or codes, and what each is worth now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import Enum

from attrs import define, field


class Standing(Enum):
    """What a provider holds of a token or code."""

    VALID = "valid"
    EXPIRED = "expired"
    SPENT = "spent"
    """It was used, or a newer one took its place."""
    REVOKED = "revoked"
    """The grant behind it was taken back."""
    UNKNOWN = "unknown"
    """It was never handed out."""


@define
class Slip:
    """One that was handed out.

    Attributes:
        app: The app that it is for; `None` for the component's own.
        until: When it expires; `None` for never.
        void: Why it is worth nothing before that, if so.
    """

    app: str | None
    until: float | None
    void: Standing | None = None


@define
class Register:
    """All that were handed out of one kind.

    Attributes:
        prefix: What their texts begin with. A number follows, so that no two are alike, and nobody takes them for real.
        clock: Tells the time in seconds.
    """

    prefix: str
    clock: Callable[[], float]
    _slips: dict[str, Slip] = field(factory=dict[str, Slip], repr=False)
    _by_app: dict[str | None, list[Slip]] = field(factory=dict[str | None, list[Slip]], repr=False)
    _serials: Counter[str | None] = field(factory=Counter[str | None], repr=False)

    def issue(self, life: float | None, app: str | None = None) -> str:
        """Hand one out; it lives so many seconds, or forever."""
        self._serials[app] += 1
        serial = self._serials[app]
        text = f"{self.prefix}{serial}" if app is None else f"{self.prefix}{app}~{serial}"
        slip = Slip(app, None if life is None else self.clock() + life)
        self._slips[text] = slip
        self._by_app.setdefault(app, []).append(slip)
        return text

    def app(self, text: str | None) -> str | None:
        """Tell which app one is, or was, for."""
        slip = self._slips.get(text) if text is not None else None
        return slip.app if slip else None

    def standing(self, text: str | None) -> Standing:
        """Tell what one is worth now."""
        slip = self._slips.get(text) if text is not None else None
        if slip is None:
            return Standing.UNKNOWN
        if slip.void:
            return slip.void
        return Standing.EXPIRED if slip.until is not None and self.clock() >= slip.until else Standing.VALID

    def void(self, text: str | None, why: Standing) -> None:
        """Make one worthless."""
        if text in self._slips:
            self._slips[text].void = why

    def void_all_of(self, app: str | None, why: Standing) -> None:
        """Make all of an app worthless, or all of the component's own."""
        for slip in self._by_app.pop(app, ()):
            slip.void = slip.void or why
