"""The durable engine behind the port `Runner`."""
