"""Attaching media to requests: by buttons, in sessions, by words."""
