"""Taking in: bytes and messages become media, through either door."""
