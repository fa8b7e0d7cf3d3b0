"""The pages: Jinja2 templates over the same flows and shapes as the JSON API."""
