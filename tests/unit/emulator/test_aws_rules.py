"""Every rule of AWS that the emulator holds to, by name, with the tests that hold it to the rule.

The rules are those of AWS's documentation, of its service model, and of error messages that people have quoted in
public. A rule whose tests are elsewhere is in the table; the tests of the rest are below it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import create_loader

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.test_sts import refused
from tests.unit.emulator.test_web_identity import ISSUER, PROVIDER, jwks, token, trust

TESTS = Path(__file__).parents[2]
EMULATOR = TESTS.parent / "stsctl" / "emulator"
STS, FEDERATION, WEB, SAML, ORGANIZATIONS, ROOT = (
    f"unit/emulator/test_{name}.py"
    for name in ("sts", "federation", "web_identity", "saml", "organizations", "root_access")
)
PARAMETERS, REGIONS, SHAPES, HERE, SERVER = (
    f"unit/emulator/test_{name}.py" for name in ("parameters", "regions", "aws_shapes", "aws_rules", "server")
)
IAM, OUTBOUND, SIGNATURE = (f"unit/emulator/test_{name}.py" for name in ("iam", "outbound_federation", "signature"))
ORDER, ASSUME, LANGUAGE, DOCUMENT = (
    f"unit/policy/test_{name}.py" for name in ("rules_order", "rules_assume_role", "rules_language", "document")
)

RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "operations": {
        "AssumeRole is signed, and answers credentials, the assumed role and no size without policy": (
            f"{STS}::test_answer_of_assume_role",
        ),
        "AssumeRoleWithSAML is not signed": (f"{SAML}::test_answer_of_assume_role_with_saml",),
        "AssumeRoleWithWebIdentity is not signed": (f"{WEB}::test_answer_of_assume_role_with_web_identity",),
        "AssumeRoot is signed, and regional": (
            f"{ROOT}::test_the_management_account_and_the_delegated_administrator_may",
            f"{ROOT}::test_the_global_endpoint_does_not_know_it",
        ),
        "DecodeAuthorizationMessage": (
            f"{FEDERATION}::test_denials_can_be_decoded",
            f"{FEDERATION}::test_messages_that_are_none",
        ),
        "GetAccessKeyInfo": (
            f"{FEDERATION}::test_access_key_info",
            f"{FEDERATION}::test_access_key_info_of_what_carries_no_account",
        ),
        "GetCallerIdentity": (f"{STS}::test_caller_identity_of_every_kind",),
        "GetFederationToken": (f"{FEDERATION}::test_answer_of_get_federation_token",),
        "GetSessionToken": (f"{STS}::test_session_token_durations",),
        "GetWebIdentityToken": (
            f"{OUTBOUND}::test_a_stranger_can_verify_the_token",
            f"{OUTBOUND}::test_a_token_does_not_outlive_the_session",
            f"{OUTBOUND}::test_it_is_switched_on_and_off",
            f"{OUTBOUND}::test_what_cannot_be_asked_for",
        ),
        "GetDelegatedAccessToken": (f"{FEDERATION}::test_delegated_access_tokens",),
        "required parameters are missed": (f"{SHAPES}::test_required",),
        "modelled errors have the model's statuses": (f"{HERE}::test_modelled_errors_have_their_status",),
        "AccessDenied, ValidationError and the rest have AWS's": (
            f"{STS}::test_not_allowed",
            f"{PARAMETERS}::test_each_limit",
            f"{SERVER}::test_unknown_keys",
            f"{SERVER}::test_bad_calls",
            f"{SIGNATURE}::test_another_secret",
        ),
        "task policies of AssumeRoot, and its condition keys": (
            f"{ROOT}::test_what_cannot_be_asked_for",
            f"{ROOT}::test_the_condition_key_of_the_task",
            f"{HERE}::test_assumed_root_is_a_condition_key",
        ),
    },
    "shapes": {
        "least and greatest sizes of every shape": (f"{SHAPES}::test_size", f"{SHAPES}::test_limits_that_have_grown"),
        "patterns": (f"{SHAPES}::test_pattern",),
        "tags have limits of their own": (f"{PARAMETERS}::test_tag_limits", f"{PARAMETERS}::test_list_limits"),
        "a source identity does not begin with aws:": (f"{STS}::test_source_identity",),
        "policy ARNs exist in the role's account": (f"{STS}::test_session_policy_arn_that_is_none",),
        "a duration is at most the role's": (f"{STS}::test_durations",),
        "a root's GetSessionToken ends after an hour": (f"{STS}::test_session_token_durations",),
    },
    "who may call what": {
        "a user's long-term keys: all of STS, no MFA key, no TokenIssueTime": (
            f"{STS}::test_allowed",
            f"{STS}::test_not_allowed",
        ),
        "root: no role, no other root, an hour at most": (
            f"{STS}::test_root_assumes_nothing",
            f"{ROOT}::test_others_may_not",
            f"{FEDERATION}::test_root_federates_for_an_hour",
        ),
        "a session token: AssumeRole and GetCallerIdentity": (
            f"{FEDERATION}::test_session_tokens_call_only_assume_role",
        ),
        "a session token: IAM only with MFA": (f"{STS}::test_iam_needs_mfa_in_a_session_token",),
        "a session token: AssumeRole is chaining": (f"{STS}::test_durations",),
        "a role's session: neither session nor federation tokens": (
            f"{FEDERATION}::test_role_sessions_call_all_but_the_long_term_ones",
        ),
        "a role's session: MFA is not carried": (f"{STS}::test_mfa_does_not_pass_down_a_chain",),
        "a federated user: only GetCallerIdentity": (
            f"{FEDERATION}::test_federated_users_call_only_get_caller_identity",
        ),
        "a federated user: no IAM, and nothing without a session policy": (
            f"{HERE}::test_a_federated_user_has_what_its_session_policy_gives",
        ),
        "session policies limit": (f"{STS}::test_chain_limits_by_session_policy",),
        "federation is not signed": (f"{SERVER}::test_unsigned_calls",),
        "GetCallerIdentity and GetSessionToken need no permission": (f"{STS}::test_session_token_without_permission",),
    },
    "authorization of AssumeRole": {
        "both sides": (f"{STS}::test_allowed", f"{STS}::test_not_allowed"),
        "no wildcard in a principal": (f"{ASSUME}::test_no_wildcard_stands_inside_a_principal",),
        "principals are ids once saved": (f"{IAM}::test_trust_names_who_was_there",),
        "no NotPrincipal in a trust policy": (f"{ASSUME}::test_not_principal_is_refused_in_a_trust_policy",),
        "a role does not trust itself": (f"{ASSUME}::test_a_role_does_not_trust_itself",),
        "sts:TagSession": (f"{STS}::test_tags_need_permission", f"{STS}::test_transitive_tags"),
        "sts:SetSourceIdentity": (f"{STS}::test_source_identity",),
        "condition keys of AssumeRole": (
            f"{STS}::test_external_id",
            f"{STS}::test_session_name_in_trust",
            f"{STS}::test_tag_conditions",
            f"{ASSUME}::test_condition_keys_of_assume_role",
        ),
        "sts:SetContext": ("unit/emulator/test_provided_contexts.py",),
        "condition keys of SAML": (f"{SAML}::test_not_authorized", f"{SAML}::test_responses_that_are_taken"),
        "condition keys of a web identity, every claim": (
            f"{WEB}::test_claims_are_condition_keys",
            f"{WEB}::test_trust_policies_refuse_claims",
        ),
        "MultiFactorAuthPresent and Age": (
            f"{STS}::test_mfa_in_the_call",
            f"{STS}::test_mfa_in_a_session_token",
            f"{STS}::test_mfa_age",
        ),
        "PrincipalArn, userid, username": (
            f"{ASSUME}::test_principal_arn_of_a_session_is_its_role",
            f"{ASSUME}::test_user_name_and_user_id",
        ),
        "PrincipalOrgID is of members": (f"{ORGANIZATIONS}::test_limits_and_keys",),
        "FederatedProvider": (f"{WEB}::test_claims_are_condition_keys", f"{HERE}::test_federated_provider_stays_known"),
        "SourceIp, CurrentTime, SecureTransport": (f"{STS}::test_allowed", f"{STS}::test_not_allowed"),
        "RCPs apply to STS, SCPs and RCPs not to the management account": (f"{ORGANIZATIONS}::test_limits_and_keys",),
    },
    "tags, source identity, chaining": {
        "session tags win over the role's": (f"{STS}::test_other_tags_stay",),
        "transitive tags go down the chain and replace resource tags": (f"{STS}::test_transitive_tags",),
        "tags that contradict themselves": (f"{STS}::test_tags_that_contradict_themselves",),
        "tags of a federation token": (f"{FEDERATION}::test_answer_of_get_federation_token",),
        "SAML attributes": (f"{SAML}::test_what_a_response_gives_the_session",),
        "OIDC claims": (f"{WEB}::test_tags_and_source_identity_need_their_actions",),
        "source identity stays": (f"{STS}::test_source_identity",),
        "the hour of chaining": (f"{STS}::test_durations",),
    },
    "the policy language": {
        "missing keys": (
            f"{LANGUAGE}::test_a_missing_key_fails_a_positive_operator",
            f"{LANGUAGE}::test_a_missing_key_satisfies_a_negated_operator",
        ),
        "several values": (
            f"{LANGUAGE}::test_several_values_of_a_negated_operator_are_nor",
            f"{LANGUAGE}::test_the_quantifiers_on_an_empty_set",
        ),
        "IfExists, Null, names of keys": (
            f"{LANGUAGE}::test_if_exists",
            f"{LANGUAGE}::test_null",
            f"{LANGUAGE}::test_key_names_are_case_insensitive",
        ),
        "ARNs and strings": (
            f"{LANGUAGE}::test_arn_equals_is_arn_like",
            f"{LANGUAGE}::test_arn_wildcards_do_not_cross_colons_and_string_wildcards_do",
        ),
        "dates, JSON values, single statements, IPv6": (
            f"{LANGUAGE}::test_dates_are_iso_8601_or_epoch",
            f"{LANGUAGE}::test_booleans_and_numbers_of_json_are_values",
            f"{LANGUAGE}::test_a_statement_needs_no_list",
            f"{LANGUAGE}::test_ranges_of_ip_version_6",
        ),
        "variables": (
            f"{LANGUAGE}::test_variables_only_behind_the_fifth_colon",
            f"{LANGUAGE}::test_values_of_variables_are_literal",
            f"{LANGUAGE}::test_a_variable_can_have_a_default",
            f"{LANGUAGE}::test_an_unresolved_variable_matches_nothing",
            f"{LANGUAGE}::test_the_old_version_has_no_variables",
            f"{LANGUAGE}::test_the_three_characters_with_a_meaning_can_be_written",
        ),
        "actions in any case": (f"{LANGUAGE}::test_actions_are_case_insensitive",),
    },
    "messages": {
        "not allowed": (f"{STS}::test_not_allowed",),
        "federated": (f"{WEB}::test_trust_policies_refuse_claims",),
        "the role's maximum, and chaining": (f"{STS}::test_durations",),
        "MFA: bad code, used code": (f"{STS}::test_mfa_in_the_call",),
        "MFA: bad serial, half": (f"{STS}::test_mfa_wrong",),
        "root": (f"{STS}::test_root_assumes_nothing",),
        "session credentials": (
            f"{STS}::test_session_token_needs_long_term_keys",
            f"{FEDERATION}::test_role_sessions_call_all_but_the_long_term_ones",
        ),
        "packed size": (f"{STS}::test_packed_size", f"{FEDERATION}::test_packed_size_of_a_federation_token"),
        "tags": (f"{STS}::test_tags_that_contradict_themselves", f"{STS}::test_transitive_tags"),
        "OIDC": (f"{WEB}::test_tokens_that_are_refused",),
        "SAML": (f"{SAML}::test_responses_that_are_refused",),
        "pattern and length": (f"{PARAMETERS}::test_each_limit",),
        "a malformed role ARN": (f"{STS}::test_malformed_role_arn",),
        "what a decoded message says": (
            f"{FEDERATION}::test_denials_can_be_decoded",
            f"{ORGANIZATIONS}::test_a_denial_says_what_denied",
        ),
    },
    "endpoints and tokens": {
        "tokens of the global endpoint": (
            f"{REGIONS}::test_a_token_of_the_global_endpoint_is_for_the_regions_of_everybody",
            f"{REGIONS}::test_an_account_can_prefer_version_2",
            f"{REGIONS}::test_the_host_tells_the_global_endpoint",
        ),
        "opt-in regions": (f"{REGIONS}::test_an_opt_in_region_knows_only_accounts_that_enabled_it",),
        "RegionDisabledException is about the target": (
            f"{REGIONS}::test_sts_that_is_deactivated_issues_nothing_for_the_account",
        ),
        "ARNs and ids": (f"{STS}::test_caller_identity_of_every_kind", f"{STS}::test_path_belongs_to_the_arn"),
        "prefixes of keys": ("unit/emulator/test_sessions.py::test_ids_look_like_awss",),
        "no trust across partitions": (f"{REGIONS}::test_nothing_crosses_partitions",),
        "console federation": ("unit/emulator/test_federation_endpoint.py",),
        "iam:PassRole": ("unit/emulator/test_passed_roles.py",),
    },
    "the order of evaluation": {
        "an explicit deny ends it": (f"{ORDER}::test_an_explicit_deny_anywhere_ends_it",),
        "every level of an organization": (
            f"{ORDER}::test_every_level_of_an_organisation_must_allow",
            f"{ORGANIZATIONS}::test_a_unit_limits_the_accounts_in_the_units_below",
            f"{ORGANIZATIONS}::test_root_and_federated_users_are_limited",
        ),
        "grants of the resource": (
            f"{ORDER}::test_a_grant_to_the_principal_itself_is_final",
            f"{ORDER}::test_a_grant_to_the_role_is_limited",
            f"{ORDER}::test_a_grant_to_the_account_only_delegates",
        ),
        "identity, boundary, session": (
            f"{ORDER}::test_identity_policies_allow_inside_an_account",
            f"{ORDER}::test_the_boundary_must_allow_too",
            f"{ORDER}::test_the_session_policy_must_allow_too",
        ),
        "across accounts": (f"{ORDER}::test_across_accounts_each_side_must_allow",),
        "services and federated identities": (
            f"{ORDER}::test_services_and_federated_identities_have_no_identity_side",
        ),
    },
    "SCPs and RCPs": {
        "SCPs take the whole language": (f"{ORGANIZATIONS}::test_scps_take_the_whole_language",),
        "customers' RCPs deny, for everybody, in some services": (
            f"{ORGANIZATIONS}::test_policies_are_checked_before_they_are_saved",
            f"{DOCUMENT}::test_rcps_reach_a_fixed_list_of_services",
        ),
        "RCPFullAWSAccess is at each level": (
            f"{ORGANIZATIONS}::test_moto_has_what_the_seed_says",
            f"{ORGANIZATIONS}::test_the_last_policy_stays",
        ),
    },
    "signed requests": {
        "header, presigned, streamed": (
            f"{SIGNATURE}::test_header",
            f"{SIGNATURE}::test_presigned",
            f"{SIGNATURE}::test_streams",
        ),
        "unsigned payloads": (f"{SIGNATURE}::test_unsigned_payload",),
        "anonymous requests": (f"{SERVER}::test_a_bucket_for_everybody",),
        "SigV4A": (f"{SIGNATURE}::test_streams_signed_with_sigv4a", f"{SIGNATURE}::test_mangled_headers"),
        "clock differences": (
            f"{SIGNATURE}::test_too_old",
            f"{SIGNATURE}::test_too_new",
            f"{SIGNATURE}::test_s3_allows_fifteen_minutes",
        ),
    },
}
ROWS = {f"{part}: {rule}": tests for part, rules in RULES.items() for rule, tests in rules.items()}


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file; it has to be there."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("tests", ROWS.values(), ids=ROWS)
def test_rule(tests: tuple[str, ...]) -> None:
    """The tests that hold the emulator to a rule are there."""
    assert tests
    for test in tests:
        file, _, name = test.partition("::")
        assert any(found.startswith("test_") for found in names_in(file)) if not name else name in names_in(file)


def refusals() -> Iterator[tuple[str, int]]:
    """Every error that the emulator's code spells out, with its status."""
    for path in sorted(EMULATOR.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                code, status = node.args[0], node.args[2]
                if isinstance(code, ast.Constant) and isinstance(status, ast.Constant):
                    yield code.value, status.value


def modelled() -> dict[str, int]:
    """The errors of STS's service model, with their statuses."""
    shapes = create_loader().load_service_model("sts", "service-2")["shapes"].values()
    errors = [shape["error"] for shape in shapes if "error" in shape]
    return {error["code"]: error["httpStatusCode"] for error in errors}


def test_modelled_errors_have_their_status() -> None:
    """Whatever error of STS's model the emulator answers has the status that the model gives it."""
    wanted, answered = modelled(), set(refusals())
    for code, status in answered:
        assert wanted.get(code, status) == status, code
    named = {code for code, _ in answered}
    assert {
        "ExpiredTokenException",
        "ExpiredTradeInTokenException",
        "IDPCommunicationError",
        "IDPRejectedClaim",
        "InvalidAuthorizationMessageException",
        "InvalidIdentityToken",
        "JWTPayloadSizeExceededException",
        "MalformedPolicyDocument",
        "OutboundWebIdentityFederationDisabledException",
        "PackedPolicyTooLarge",
        "RegionDisabledException",
        "SessionDurationEscalationException",
    } <= named & wanted.keys()


ACCOUNT, OTHER = "111111111111", "222222222222"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
NOT_BY_ASSUMED_ROOTS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "s3:DeleteBucketPolicy",
                "Resource": "*",
                "Condition": {"Bool": {"aws:AssumedRoot": "true"}},
            }
        ],
    }
)
DENY_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::locked", "arn:aws:s3:::locked/*"],
            }
        ],
    }
)


def only(key: str, value: str) -> str:
    """A policy that allows everything where a condition key has a value."""
    condition = {"StringEquals": {key: value}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An organization of two accounts, and an identity provider."""
    folder: Path = tmp_path_factory.mktemp("rules")
    seed = f"""
[organization]
management_account = "{ACCOUNT}"
accounts = ["{OTHER}"]
features = ["RootSessions"]
scp.NotByAssumedRoots = '{NOT_BY_ASSUMED_ROOTS}'
account.{OTHER}.scps = ["NotByAssumedRoots"]
[account.{OTHER}]
[account.{ACCOUNT}]
user.eve = {{ key.a = {{}}, policies.all = '{ALLOW}' }}
oidc_provider."{ISSUER}" = {{ client_ids = ["sts.amazonaws.com"], jwks = '{jwks()}' }}
role.Mine = {{ trust = '{trust({})}', policies.mine = '{only("aws:FederatedProvider", PROVIDER)}' }}
role.Others = {{ trust = '{trust({})}', policies.others = '{only("aws:FederatedProvider", "x")}' }}
"""
    (folder / "org.toml").write_text(seed)
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def eve(running: Running, service: str = "sts") -> Any:
    """A client of eve."""
    return client(running, service, control.principal(running, "eve").credentials)


def test_a_federated_user_has_what_its_session_policy_gives(org: Running) -> None:
    """Without a session policy nothing is allowed; with one, what it and the user allow; IAM never."""
    nothing = credentials_of(eve(org).get_federation_token(Name="bob"))
    something = credentials_of(eve(org).get_federation_token(Name="bob", Policy=ALLOW))
    assert refused(client(org, "s3", nothing).list_buckets)[:2] == ("AccessDenied", 403)
    assert client(org, "s3", something).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(client(org, "iam", something).list_users)[:2] == ("InvalidClientTokenId", 403)


def test_federated_provider_stays_known(org: Running) -> None:
    """aws:FederatedProvider is a key of every request of a session that an identity provider vouched for."""

    def session(role: str) -> Any:
        answer = eve(org).assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="me", WebIdentityToken=token()
        )
        return client(org, "s3", credentials_of(answer))

    assert session("Mine").list_buckets()
    assert refused(session("Others").list_buckets)[:2] == ("AccessDenied", 403)


def test_assumed_root_is_a_condition_key(org: Running) -> None:
    """aws:AssumedRoot is true in the requests of a root session, which is limited to its task.

    No bucket's policy keeps its account's root user from changing it.
    """
    own = client(org, "s3", control.principal(org, f"{OTHER}:root").credentials)
    own.create_bucket(Bucket="locked")
    own.put_bucket_policy(Bucket="locked", Policy=DENY_ALL)
    assert refused(lambda: own.list_objects_v2(Bucket="locked"))[0] == "AccessDenied"
    task = {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}
    root = credentials_of(eve(org).assume_root(TargetPrincipal=OTHER, TaskPolicyArn=task))
    assumed = client(org, "s3", root)
    assert assumed.get_bucket_policy(Bucket="locked")["Policy"]
    assert refused(lambda: assumed.create_bucket(Bucket="other"))[0] == "AccessDenied"
    assert refused(lambda: assumed.delete_bucket_policy(Bucket="locked"))[0] == "AccessDenied"
    own.delete_bucket_policy(Bucket="locked")
