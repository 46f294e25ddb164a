"""Moving in with nothing but the AWS files: what of them stsctl reads where they stand."""

from __future__ import annotations

from stsctl.other_tools.finding import Outcome
from tests.unit.other_tools.texts import found

AWS = """\
[default]
region = eu-west-1

[profile work]
region = eu-west-1

[profile admin]
role_arn = arn:aws:iam::222222222222:role/Admin
source_profile = work

[profile plain]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x

[profile half]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE

[profile program]
credential_process = my-tool

[profile vaulted]
credential_process = /opt/aws-vault exec --json work

[profile hook]
credential_process = stsctl credential-process admin

[profile round]
include_profile = round
"""


def test_each_profile_is_told_with_what_it_is_here() -> None:
    """One that leads nowhere is none that anybody misses."""
    there = found("aws-config", aws=AWS)
    assert {what: (each.outcome.value, each.note, each.hint) for what, each in there.items()} == {
        'profile "admin"': (
            "stays",
            'profile "work": has no credentials: no keys, no role_arn, no credential_process',
            "",
        ),
        'profile "plain"': ("as it is", "its keys are in plain text", "stsctl keys add plain --from-profile plain"),
        'profile "half"': ("stays", "has aws_access_key_id without aws_secret_access_key", ""),
        'profile "program"': ("as it is", "a program", ""),
        'profile "vaulted"': ("as it is", "it runs aws-vault", "stsctl config import --from aws-vault"),
        'profile "hook"': ("as it is", "it asks stsctl", ""),
        'profile "round"': ("stays", "the includes go round: round → round", ""),
    }


def test_a_role_that_begins_at_keys_in_the_store_works() -> None:
    """As it does when it is assumed."""
    admin = found("aws-config", aws=AWS, added='[source.work]\ntype = "keys"\n')['profile "admin"']
    assert (admin.outcome, admin.note) == (Outcome.AS_IT_IS, '"work" → arn:aws:iam::222222222222:role/Admin')
