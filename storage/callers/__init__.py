"""Who calls: people, keys and invitations, and how much each may use."""
