"""The embedded Lumetrade v1 server: its own process, on loopback, with invented money. No Qt."""
