"""How credentials leave: pure text."""
