"""Signing in to AWS: the console, the federation endpoint, SAML, `aws login`."""
