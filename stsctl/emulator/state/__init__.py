"""What outlives a request: the log of changes, what was noted, what a person moves."""
