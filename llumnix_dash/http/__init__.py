"""A session with a server: TLS, authentication, secrets, retry, and what went wrong."""
