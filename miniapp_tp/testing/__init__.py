"""For the tests of those who use the SDK. With the package installed, pytest finds the fixtures by itself.

- `miniapp_sandbox`: a running `miniapp_tp.sandbox.Sandbox` with ten apps per provider, anew for each test. It is a
  plain fixture, so it works with tests of any kind and every asynchronous plugin:

  ```python
  async def test_reads_the_name(miniapp_sandbox):
      baidu = miniapp_sandbox.baidu
      async with BaiduClient(baidu.component, tokens=baidu.tokens, base_url=miniapp_sandbox.url) as client:
          assert (await client.get_info("15000001")).name == baidu.apps["15000001"].name
  ```
"""

__all__: list[str] = []
