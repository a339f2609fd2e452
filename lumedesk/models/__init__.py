"""Tables: what the columns are and which rows are shown. No widgets, no network."""
