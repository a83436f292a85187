"""What people send, and what they do with it afterwards."""
