"""Keys: sealing at rest, signatures of URLs, password hashes."""
