"""The client of the Lumetrade v1 API. No Qt."""
