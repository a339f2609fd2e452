"""Everything that runs off the UI thread, and the one object the windows talk to."""
