"""The durable engine behind the port `Runner`."""

from moorage.durable.runner import DbosRunner, embedded_url

__all__ = ["DbosRunner", "embedded_url"]
