"""The AWS that runs on your machine."""
