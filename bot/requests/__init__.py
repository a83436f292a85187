"""A request in a chat: what there is, its albums, its history."""
