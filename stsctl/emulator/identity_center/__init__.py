"""IAM Identity Center: its OIDC service, its portal, its pages."""
