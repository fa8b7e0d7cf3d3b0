"""Composes the faces into the one ASGI application."""
