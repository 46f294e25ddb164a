"""Identity providers of the emulator's own: SAML and OIDC."""
