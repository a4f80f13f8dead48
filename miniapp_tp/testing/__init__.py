"""For the tests of those who use the SDK. With the package installed, pytest finds the fixtures by itself.

- `miniapp_sandbox`: a running `miniapp_tp.sandbox.Sandbox` with ten apps per provider, anew for each test. It is a
  plain fixture, so it works with tests of any kind and every asynchronous plugin:

  ```python
  async def test_reads_the_name(miniapp_sandbox):
      baidu = miniapp_sandbox.baidu
      async with BaiduClient(baidu.component, tokens=baidu.tokens, base_url=miniapp_sandbox.url) as client:
          assert (await client.get_info("15000001")).name == baidu.apps["15000001"].name
  ```
- `TokenStoreSuite`: the promise of a `TokenStore`, as tests for a store of your own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniapp_tp.testing.stores import TokenStoreSuite

__all__ = ["TokenStoreSuite"]


def __getattr__(name: str) -> type[TokenStoreSuite]:
    """Import the suite when it is asked for: every run of pytest imports this package, for its plugin."""
    if name != "TokenStoreSuite":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pytest  # noqa: PLC0415

    pytest.register_assert_rewrite("miniapp_tp.testing.stores", "miniapp_tp.testing.forgetting")
    from miniapp_tp.testing.stores import TokenStoreSuite  # noqa: PLC0415

    return TokenStoreSuite
