"""Dialogs that go step by step."""
