"""What the emulator has in place of the world: its time, chance, ids and keys, and the record of what was asked."""
