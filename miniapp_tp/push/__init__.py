"""Receiving what providers push: a journal that loses nothing, and the ASGI app in front of it."""

from miniapp_tp.push.app import PushApp

__all__ = ["PushApp"]
