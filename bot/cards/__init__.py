"""Cards: the one answer to a file or an album, kept up to date."""
