"""The Security Token Service: who signed, what is issued, and to whom."""
