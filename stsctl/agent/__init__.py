"""The agent: one background process per user, which keeps sessions fresh and serves them on this machine."""
