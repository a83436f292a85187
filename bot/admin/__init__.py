"""What admins see, set up and are told."""
