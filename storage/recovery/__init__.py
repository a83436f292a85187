"""The index comes back: backups of the database in a channel, restoring one, and rebuilding it from captions alone."""
