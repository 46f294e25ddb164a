"""What is wrong with this machine, for a broker of credentials: pure, over a picture of it."""
