"""Signing in at an OpenID provider, as HelseID and ID-porten want it (OpenID Connect Core 1.0, FAPI 2.0)."""
