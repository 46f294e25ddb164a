"""Who can become what, and do what: pure, over a snapshot of policies."""
