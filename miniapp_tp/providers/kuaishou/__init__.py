"""Kuaishou mini programs (快手小程序), as a third-party application sees them."""
