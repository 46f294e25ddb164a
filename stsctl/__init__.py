"""stsctl: a command-line credential broker for AWS."""

__version__ = "0.1.0"
