"""Moving in from aws-vault: its profiles work as they are, its keys are offered."""

from __future__ import annotations

from stsctl.other_tools import aws_vault
from stsctl.other_tools.finding import KeptKeys, Outcome
from tests.unit.other_tools.texts import AWS_VAULT, found, values

ITEMS = ("work", "spare", "sts.GetSessionToken,d29yaw,,1700000000", "work session (1700000000)", "oidc:https://a")


def test_profiles_work_as_they_are_and_what_is_kept_for_a_time_is_left() -> None:
    """Roles begin at the keys that are offered; sessions and tokens are not offered."""
    there = found("aws-vault", aws=AWS_VAULT, items=ITEMS)
    assert [what for what, each in there.items() if each.outcome is Outcome.KEYS] == ['keys "work"', 'keys "spare"']
    serial = "arn:aws:iam::111111111111:mfa/alice"
    assert there['keys "work"'].keys == KeptKeys(name="work", item="work", mfa_serial=serial, region="eu-west-1")
    admin = there['profile "admin"']
    assert (admin.outcome, admin.note) == (Outcome.AS_IT_IS, '"work" → arn:aws:iam::222222222222:role/Admin')
    assert 'profile "common"' not in there


def test_keys_that_are_not_to_be_had_are_told_with_what_brings_them_over() -> None:
    """A role begins at a name that neither a file nor the keyring has keys for."""
    elsewhere = found("aws-vault", aws=AWS_VAULT, items=ITEMS)['keys "elsewhere"']
    assert elsewhere.outcome is Outcome.STAYS
    assert elsewhere.note == "it has none of that name"
    assert elsewhere.hint.startswith("aws-vault exec --no-session elsewhere -- sh -c ")
    assert elsewhere.hint.endswith(" | stsctl keys add elsewhere --stdin")


def test_a_token_that_a_program_prints_becomes_a_source_and_its_role() -> None:
    """The one key of aws-vault's own that stsctl does not read in a profile."""
    there = found("aws-vault", aws=AWS_VAULT)
    source = {"": 'source "web-token"', "type": "oidc", "token_process": "gcloud auth print-identity-token"}
    assert values(there['program "gcloud auth print-identity-token"']) == source
    role = {"role_arn": "arn:aws:iam::222222222222:role/Web", "from": "web-token", "duration": "3600"}
    assert values(there['profile "web"']) == {"": 'role "web"', **role}


def test_a_profile_that_only_runs_aws_vault_is_told_what_to_run_instead() -> None:
    """SDKs would go on asking aws-vault."""
    hook = found("aws-vault", aws=AWS_VAULT, items=ITEMS)['profile "for-sdks"']
    assert (hook.outcome, hook.note) == (Outcome.STAYS, 'it runs aws-vault for "work"')
    assert hook.hint == "stsctl profile hook work"


def test_keys_that_are_here_are_not_offered_again() -> None:
    """A second run changes nothing."""
    kept = '[source.work]\ntype = "keys"\n'
    there = found("aws-vault", aws=AWS_VAULT, items=ITEMS, added=kept)
    assert there['keys "work"'].outcome is Outcome.THERE
    assert found("aws-vault", aws=AWS_VAULT, added=kept)['keys "work"'].outcome is Outcome.THERE


def test_its_variables_say_where_its_keyring_is() -> None:
    """As they do for aws-vault itself."""
    usual = aws_vault.keyring({}, None)
    assert (usual.collection, usual.folder, usual.backend) == ("awsvault", "~/.awsvault/keys", None)
    said = {"AWS_VAULT_BACKEND": "pass", "AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "x", "AWS_VAULT_FILE_DIR": "/f"}
    there = aws_vault.keyring(said, None)
    assert (there.collection, there.folder, there.backend) == ("x", "/f", "pass")
