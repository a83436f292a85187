"""Events for others: written with the change they tell of, delivered as webhooks afterwards."""
