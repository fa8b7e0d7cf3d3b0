"""The schema's history: one module for each step, in ``versions``."""
