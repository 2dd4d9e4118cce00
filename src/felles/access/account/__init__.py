"""Local accounts, for stores without a provider: a passkey, or a password with a one-time code."""
