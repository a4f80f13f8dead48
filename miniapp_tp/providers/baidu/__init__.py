"""Baidu Smart Programs (百度智能小程序), as a third-party platform sees them."""
