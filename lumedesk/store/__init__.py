"""What the desk keeps on disk. No Qt, no network."""
