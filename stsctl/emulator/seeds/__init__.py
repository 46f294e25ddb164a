"""What an emulator starts with: the tables of a seed, read, checked and as values."""
