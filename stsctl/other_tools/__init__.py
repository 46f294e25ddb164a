"""What people have in other tools for AWS, and what it becomes here: pure, from the texts that those tools write."""
