"""Where adapters meet flows."""
