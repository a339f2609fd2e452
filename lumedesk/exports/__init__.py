"""Files for other people's programs. No Qt."""
