"""The clients: what users hold in their hands."""

from miniapp_tp.client.component import BaiduClient, ComponentClient, KuaishouClient
from miniapp_tp.client.developer import BaiduDeveloperClient
from miniapp_tp.client.fleet import Fleet
from miniapp_tp.client.interface import MiniAppClient

__all__ = ["BaiduClient", "BaiduDeveloperClient", "ComponentClient", "Fleet", "KuaishouClient", "MiniAppClient"]
