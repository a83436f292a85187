"""Updates come in: fetched or posted, kept, and handled in order per chat."""
