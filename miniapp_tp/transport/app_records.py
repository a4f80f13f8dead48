"""The records of a component's apps: read, written with care, and held in memory while their tokens are good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from miniapp_tp.errors import StoreError
from miniapp_tp.stores.records import AppRecord, to_bytes
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.windows import Windows, windows
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from miniapp_tp.contract import Pair
    from miniapp_tp.stores.base import Key
    from miniapp_tp.transport.keeping import Found
    from miniapp_tp.transport.tenure import Tenure

_SAVES: Final = 5
_SAVE_PAUSE: Final = 0.2


@frozen
class Held:
    """A token in memory.

    Attributes:
        record: What is kept of its app.
        windows: When it is to be renewed.
    """

    record: AppRecord
    windows: Windows

    @property
    def token(self) -> Secret:
        """The token."""
        return self.record.access or Secret("")


@define
class AppRecords:
    """The records of a component's apps.

    Attributes:
        keeping: Where they are kept.
    """

    keeping: Keeping
    _held: dict[str, Held] = field(factory=dict[str, Held], repr=False, init=False)
    _unwanted: dict[str, Secret] = field(factory=dict[str, Secret], repr=False, init=False)

    # --- in memory --------------------------------------------------------------------------------------------------

    def held(self, app: str) -> Held | None:
        """Give what is in memory of an app."""
        return self._held.get(app)

    def postpone(self, app: str, until: float) -> None:
        """Have a held token replaced, while it goes on being given, and don't begin that again until then."""
        held = self._held[app]
        self._unwanted[app] = held.token
        self._held[app] = evolve(held, windows=Windows(until, held.windows.over))

    def reject(self, app: str, token: Secret) -> None:
        """Give a token no more, if it is the one that is held."""
        held = self._held.get(app)
        if held is not None and held.token == token:
            del self._held[app]
            self._unwanted[app] = token

    def drop(self, app: str) -> None:
        """Hold nothing of an app."""
        self._held.pop(app, None)

    def usable(self, app: str, record: AppRecord | None) -> AppRecord | None:
        """Hold what a store gave, if its token is good and isn't the one to be replaced."""
        if record is None or record.access is None or record.access == self._unwanted.get(app):
            return None
        if self.keeping.clock() >= windows(record.obtained_at, record.expires_at, 0.0).over:
            return None
        self._hold(app, record)
        return record

    def _hold(self, app: str, record: AppRecord) -> None:
        self._unwanted.pop(app, None)
        self._held.pop(app, None)
        if record.access is not None:
            self._held[app] = Held(record, windows(record.obtained_at, record.expires_at, self.keeping.chance()))

    # --- in the store -----------------------------------------------------------------------------------------------

    def key(self, app: str) -> Key:
        """Name an app's record."""
        return self.keeping.key("app", app)

    async def load(self, app: str) -> Found[AppRecord]:
        """Read what is kept of an app."""
        return await self.keeping.load(self.key(app), AppRecord)

    def made_of(self, pair: Pair, before: AppRecord) -> AppRecord:
        """Make a record of tokens that came just now."""
        now = self.keeping.clock()
        return AppRecord(
            access=pair.access,
            refresh=pair.refresh,
            obtained_at=now,
            expires_at=now + pair.seconds,
            refresh_expires_at=None if pair.refresh_seconds is None else now + pair.refresh_seconds,
            permissions=before.permissions if pair.permissions is None else pair.permissions,
            code=before.code,
        )

    async def save(self, held: Tenure, app: str, record: AppRecord, version: int) -> AppRecord | None:
        """Keep an app's tokens, and only then give them to anybody; `None` if that isn't ours to do any more."""
        if await self.write(held, record, version) is None:
            return None
        self._hold(app, record)
        return record

    async def write(self, held: Tenure, record: AppRecord, version: int) -> int | None:
        """Save what can't be had again, and don't give up at the first failure of the store."""
        for _ in range(_SAVES - 1):
            try:
                return await held.save(to_bytes(record), version)
            except StoreError:
                await self.keeping.sleep(_SAVE_PAUSE)
        return await held.save(to_bytes(record), version)


async def mark(held: Tenure, record: AppRecord, version: int) -> int | None:
    """Write down what is about to be spent; `None` if that isn't ours to do any more."""
    return await held.save(to_bytes(record), version) if await held.lasts() else None
