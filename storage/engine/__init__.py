"""The archive engine: parts into channels, effectively once, and whatever keeps channels and index in step."""
