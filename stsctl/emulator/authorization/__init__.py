"""Whether a request may go on: every policy that has a say, with every condition key."""
