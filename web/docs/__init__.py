"""What the routes say of themselves, by area, and the page that shows it."""
