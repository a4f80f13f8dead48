"""A store whose values nobody can read or exchange who has only the database."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from miniapp_tp.errors import InvalidArgument, StoreError
from miniapp_tp.stores.arguments import check_entry
from miniapp_tp.stores.base import Entry, Key
from miniapp_tp.stores.migrating import migrate_store
from miniapp_tp.stores.opening import Opening
from miniapp_tp.stores.sealing import is_by, is_sealed, opened, seal_keys, sealed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from miniapp_tp.stores.base import Lease, TokenStore
    from miniapp_tp.stores.sealing import Keys

MARK: Final = Key("", "seal")
"""Where a sealed store says that it is one, sealed itself: a wrong key is noticed before anything is written."""

_MARK_TEXT: Final = b"miniapp_tp"
_SEALED: Final = "is sealed: open the store with its key"


class OpenedStore:
    """Another store, with something to be seen to before its first use.

    Args:
        store: The other store.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._opening = Opening(self._open)

    async def load(self, key: Key) -> Entry:
        """See `TokenStore.load`."""
        await self._opening.done()
        return self._read(key, await self._store.load(key))

    async def save(self, key: Key, value: bytes | None, *, version: int, lease: Lease | None = None) -> int | None:
        """See `TokenStore.save`."""
        entry = Entry(value, version)
        del value  # or else a traceback's locals would show it
        check_entry(entry)
        await self._opening.done()
        return await self._store.save(key, self._written(key, entry), version=version, lease=lease)

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """See `TokenStore.acquire`."""
        await self._opening.done()
        return await self._store.acquire(key, owner, seconds)

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """See `TokenStore.renew`."""
        return await self._store.renew(lease, seconds)

    async def release(self, lease: Lease) -> None:
        """See `TokenStore.release`."""
        await self._store.release(lease)

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        """See `TokenStore.names`."""
        await self._opening.done()
        async for name in self._store.names(component, kind):
            yield name

    async def migrate(self) -> tuple[int, int] | None:
        """Change the other store's layout, if it has one; see `HasLayout.migrate`."""
        found = await migrate_store(self._store)
        await self._opening.done()
        return found

    async def risks(self) -> tuple[str, ...]:
        """Say which settings of the other store's server may lose what was saved, if it can tell."""
        return await self._store.risks() if isinstance(self._store, HasRisks) else ()

    async def aclose(self) -> None:
        """Close the other store."""
        await self._store.aclose()

    async def _open(self) -> None:
        raise NotImplementedError

    def _read(self, key: Key, found: Entry) -> Entry:
        raise NotImplementedError

    def _written(self, _key: Key, entry: Entry) -> bytes | None:
        raise NotImplementedError


@runtime_checkable
class HasRisks(Protocol):
    """A store that can tell how its server is set up."""

    async def risks(self) -> tuple[str, ...]:
        """Say which settings may lose what was saved; never a secret."""
        ...


class SealedStore(OpenedStore):
    """A store that seals every value (AES-256-GCM) before another store keeps it, and opens what that one gives back.

    A sealed value opens only at the component, kind, name and version it was sealed for: whoever can write to the
    database can neither exchange two apps' tokens nor bring back an older value. Not hidden: component ids, app ids,
    when something changed, about how long it is. Whoever can write can still delete values, or a whole row's history.

    To change keys, first give all processes `[old, new]`, then `[new, old]`; from then on everything is written with
    the new one. `reseal` does so with what nobody happens to write; then `new` alone is enough.

    Args:
        store: The other store, empty or sealed by one of the keys. It counts versions one by one, as all stores here
            do.
        key: 32 bytes, or their Base64 as text; or a sequence of these: the first seals, any of them opens.

    Raises:
        InvalidArgument: That is no key.
        ModuleNotFoundError: `cryptography` isn't installed: the extra `sealing`.
        StoreError: From every method: what the other store raises; the store is sealed by another key; a value isn't
            sealed, or not for where it is.
    """

    def __init__(self, store: TokenStore, key: Keys) -> None:
        super().__init__(store)
        keys = seal_keys(key)
        del key  # or else a traceback's locals would show it
        if isinstance(keys, InvalidArgument):
            raise keys
        self._keys = keys
        _need_cryptography()

    def __repr__(self) -> str:
        return f"SealedStore({self._store!r})"

    async def reseal(self, component: str, kind: str) -> int:
        """Write all values of a kind anew with the first key, if another one sealed them; gives how many it were."""
        count = 0
        async for name in self.names(component, kind):
            key = Key(component, kind, name)
            raw = await self._store.load(key)
            if raw.value is not None and not is_by(raw.value, self._keys[0]):
                value = self._read(key, raw).value
                # Who was quicker has written it with the first key.
                count += await self.save(key, value, version=raw.version) is not None
        return count

    async def _open(self) -> None:
        """See that the store is sealed by one of our keys, or make it so if it is new."""
        found = await self._store.load(MARK)
        if found.value is None or not self._is_ours(found):
            mark = sealed(_MARK_TEXT, MARK, found.version + 1, self._keys[0])
            if await self._store.save(MARK, mark, version=found.version) is None:
                self._is_ours(await self._store.load(MARK))  # somebody was quicker

    def _is_ours(self, mark: Entry) -> bool:
        """Tell whether the first key made the mark.

        Raises:
            StoreError: None of our keys did.
        """
        value = mark.value or b""
        if opened(value, MARK, mark.version, self._keys) != _MARK_TEXT:
            raise _unusable("the token store is sealed by another key: give the right one (first the newest)")
        return is_by(value, self._keys[0])

    def _written(self, _key: Key, entry: Entry) -> bytes | None:
        return None if entry.value is None else sealed(entry.value, _key, entry.version + 1, self._keys[0])

    def _read(self, key: Key, found: Entry) -> Entry:
        if found.value is None:
            return found
        value = opened(found.value, key, found.version, self._keys)
        if value is not None:
            return Entry(value, found.version)
        what = f"what the token store keeps of {key.kind} {key.name}"
        if not is_sealed(found.value):
            why = "isn't sealed: it was written without a key, and isn't trusted by those that have one"
        elif not any(is_by(found.value, one) for one in self._keys):
            why = "was sealed by another key: give that one as well"
        else:
            why = "wasn't sealed for there: it was moved, brought back or damaged"
        raise _unusable(f"{what} {why}")


class UnsealedStore(OpenedStore):
    """A store without keys, which keeps its hands off what a `SealedStore` has made its own: `open_store` gives it."""

    def __repr__(self) -> str:
        return repr(self._store)

    async def _open(self) -> None:
        if (await self._store.load(MARK)).value is not None:
            raise _unusable(f"the token store {_SEALED}")

    def _written(self, _key: Key, entry: Entry) -> bytes | None:
        return entry.value

    def _read(self, key: Key, found: Entry) -> Entry:
        if found.value is not None and is_sealed(found.value):
            raise _unusable(f"what the token store keeps of {key.kind} {key.name} {_SEALED}")
        return found


def _unusable(why: str) -> StoreError:
    error = StoreError(why)
    error.retryable = False
    return error


def _need_cryptography() -> None:
    if importlib.util.find_spec("cryptography") is None:
        message = "sealing needs a package that isn't installed: pip install 'miniapp_tp[sealing]'"
        raise ModuleNotFoundError(message, name="cryptography")
