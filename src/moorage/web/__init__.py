"""The JSON API, the byte routes and the pages."""
