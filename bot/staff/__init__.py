"""The staff chat, and life in groups."""
