"""The machine: its folders and files, locks, terminal and processes."""
