"""The catalogue: finding media, and changing what is said about them."""
