"""IAM Roles Anywhere: roles for whoever has a certificate of a CA that an account trusts."""
