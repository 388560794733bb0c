"""What a user holds: the client, its subscriptions, messages and transactions."""
