"""The one place where the storage layer talks to the Bot API."""
