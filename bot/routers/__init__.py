"""The handlers. Each parses, calls one use case, and says what came of it."""
