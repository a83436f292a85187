"""The mirror: a directory that keeps the bytes of every part outside Telegram too."""
