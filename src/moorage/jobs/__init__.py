"""Jobs: queue -> run -> record."""
