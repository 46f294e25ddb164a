"""An organisation with an Identity Center, for the tests of what is behind it."""

from __future__ import annotations

START_URL = "https://acme.awsapps.com/start"
WORK, PRODUCTION = "111111111111", "222222222222"

TOML = """
[account.111111111111]
name = "work"

[account.111111111111.user.alice]
key.main = {}
mfa.seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
managed = ["arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"]

[account.111111111111.user.bob]
key.main = {}

[account.111111111111.user.zoe]
managed = ["arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"]

[account.222222222222]
name = "production"
policy.Limit.Version = "2012-10-17"
policy.Limit.Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }]

[identity_center]
start_url = "https://acme.awsapps.com/start"
region = "eu-central-1"
instance_id = "ssoins-0123456789abcdef"

[identity_center.group.platform]

[identity_center.user.dora]
email = "dora@acme.example"
password = "correct horse"
groups = ["platform"]

[identity_center.user.eve]

[identity_center.permission_set.Administrator]
description = "Everything"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]
boundary = "Limit"
session_duration = "2h"
relay_state = "https://eu-central-1.console.aws.amazon.com/s3/"
assign.222222222222.groups = ["platform"]

[identity_center.permission_set.ListBuckets]
session_duration = "1h"
assign.111111111111 = { users = ["eve"], groups = ["platform"] }
assign.222222222222.users = ["dora"]

[identity_center.permission_set.ListBuckets.policy]
Version = "2012-10-17"
Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }]
"""
