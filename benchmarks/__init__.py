"""How long things take; nothing here fails on a figure."""
