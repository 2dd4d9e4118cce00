"""The access log: who did what with whose record, why, durable before the answer leaves, and provably unchanged."""
