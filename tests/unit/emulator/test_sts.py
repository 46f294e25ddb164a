"""AssumeRole, GetSessionToken and GetCallerIdentity: who may, who may not, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.totp import code_at, step_at
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.organisation import SEED, toml

MINE, OTHER = "111111111111", "222222222222"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def sts(running: Running, who: str | Credentials, service: str = "sts") -> Any:
    """A client for a user, by name, or for somebody's credentials."""
    return client(running, service, control.principal(running, who).credentials if isinstance(who, str) else who)


def arn(role: str, account: str = MINE) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{role}"


def assume(caller: Any, role: str, account: str = MINE, **more: Any) -> Any:
    """Becomes a role."""
    return caller.assume_role(**{"RoleArn": arn(role, account), "RoleSessionName": "me", **more})


def chained(running: Running, first: str = "TrustsAlice", **more: Any) -> Any:
    """A client that is a role already, assumed by alice."""
    return sts(running, credentials_of(assume(sts(running, "alice"), first, **more)))


def refused(call: Callable[[], object]) -> tuple[str, int, str]:
    """Code, status and message of a refusal."""
    with pytest.raises(ClientError) as error:
        call()
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def not_authorized(caller: str, role: str, account: str = MINE, action: str = "AssumeRole") -> tuple[str, int, str]:
    """AWS's refusal of `action`."""
    return (
        "AccessDenied",
        403,
        f"User: {caller} is not authorized to perform: sts:{action} on resource: {arn(role, account)}",
    )


def user(name: str) -> str:
    """The ARN of a user."""
    return f"arn:aws:iam::{MINE}:user/{name}"


def session(role: str, account: str = MINE) -> str:
    """The ARN of a role's session."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/me"


def mfa(name: str, offset: int = 0) -> dict[str, str]:
    """The MFA parameters of a user, with the code of now or of another step."""
    code = code_at(Secret(SEED), step_at(datetime.now(UTC)) + offset)
    return {"SerialNumber": f"arn:aws:iam::{MINE}:mfa/{name}", "TokenCode": code}


TRUST_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
TAGS = [{"Key": "project", "Value": "blue"}]


def test_answer_of_assume_role(org: Running) -> None:
    """The answer has AWS's shape: credentials that look like AWS's, the session's ARN and id, and an hour's life."""
    answer = assume(sts(org, "alice"), "TrustsAlice")
    credentials, made = answer["Credentials"], answer["AssumedRoleUser"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert len(credentials["AccessKeyId"]) == 20
    assert len(credentials["SecretAccessKey"]) == 40
    assert 300 < len(credentials["SessionToken"]) < 2000
    left = credentials["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert made["Arn"] == session("TrustsAlice")
    assert made["AssumedRoleId"].startswith("AROA")
    assert made["AssumedRoleId"].endswith(":me")
    assert "PackedPolicySize" not in answer
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-stsctl-emulator"] == org.instance


def test_caller_identity_of_every_kind(org: Running) -> None:
    """GetCallerIdentity tells a user, a root, a user's session and a role's session apart."""
    of_user = sts(org, "alice").get_caller_identity()
    assert (of_user["Arn"], of_user["Account"]) == (user("alice"), MINE)
    assert of_user["UserId"].startswith("AIDA")
    token = credentials_of(sts(org, "alice").get_session_token())
    assert sts(org, token).get_caller_identity()["UserId"] == of_user["UserId"]
    root = sts(org, f"{OTHER}:root").get_caller_identity()
    assert (root["Arn"], root["UserId"], root["Account"]) == (f"arn:aws:iam::{OTHER}:root", OTHER, OTHER)
    role = chained(org).get_caller_identity()
    assert role["Arn"] == session("TrustsAlice")
    assert role["UserId"].startswith("AROA")
    assert role["UserId"].endswith(":me")


@pytest.mark.parametrize(
    ("who", "role", "account"),
    [
        ("alice", "TrustsAccount", MINE),
        ("grouped", "TrustsAccount", MINE),
        ("managed", "TrustsAccount", MINE),
        ("bob", "TrustsBob", MINE),
        ("alice", "TrustsAliceByName", OTHER),
        ("bob", "ByAccountOfPrincipal", MINE),
        ("alice", "Loopback", MINE),
        ("alice", "DeniesFalseMfa", MINE),
    ],
)
def test_allowed(org: Running, who: str, role: str, account: str) -> None:
    """Trust in the account needs the user's own policies; trust in the user alone suffices in its account."""
    assert assume(sts(org, who), role, account)["AssumedRoleUser"]["Arn"] == session(role, account)


@pytest.mark.parametrize(
    ("who", "role", "account"),
    [
        ("bob", "TrustsAccount", MINE),
        ("alice", "TrustsBob", MINE),
        ("bob", "TrustsBobByName", OTHER),
        ("bounded", "TrustsAccount", MINE),
        ("denied", "TrustsAccount", MINE),
        ("alice", "NeedsMfa", MINE),
        ("alice", "DeniesFalseMfaIfExists", MINE),
        ("alice", "FreshMfa", MINE),
        ("alice", "NeverWithoutToken", MINE),
        ("alice", "NamedSession", MINE),
        ("alice", "Office", MINE),
        ("alice", "Tomorrow", MINE),
        ("alice", "External", OTHER),
        ("alice", "NoSuchRole", MINE),
        ("alice", "NoSuchAccount", "999999999999"),
    ],
)
def test_not_allowed(org: Running, who: str, role: str, account: str) -> None:
    """Whatever is missing, and for roles that are not there at all, AWS says the same words."""
    assert refused(lambda: assume(sts(org, who), role, account)) == not_authorized(user(who), role, account)


def test_path_belongs_to_the_arn(org: Running) -> None:
    """A role's ARN with a path that it has not is no role's."""
    wrong = f"arn:aws:iam::{MINE}:role/people/TrustsAccount"
    assert refused(lambda: sts(org, "alice").assume_role(RoleArn=wrong, RoleSessionName="me"))[0] == "AccessDenied"


def test_external_id(org: Running) -> None:
    """The external id has to be the one that the trust policy names."""
    alice = sts(org, "alice")
    assert refused(lambda: assume(alice, "External", OTHER, ExternalId="x2")) == not_authorized(
        user("alice"), "External", OTHER
    )
    assert assume(alice, "External", OTHER, ExternalId="x1")


def test_session_name_in_trust(org: Running) -> None:
    """sts:RoleSessionName is seen by the trust policy, with the user's name as a variable."""
    assert assume(sts(org, "alice"), "NamedSession", RoleSessionName="alice")


def test_root_assumes_nothing(org: Running) -> None:
    """A root may not assume roles, with its keys or with a session of them."""
    root = sts(org, f"{MINE}:root")
    told = ("AccessDenied", 403, "Roles may not be assumed by root accounts.")
    assert refused(lambda: assume(root, "TrustsAccount")) == told
    token = credentials_of(root.get_session_token())
    assert refused(lambda: assume(sts(org, token), "TrustsAccount")) == told


def test_mfa_in_the_call(org: Running) -> None:
    """A code makes the condition true for this call, and is taken once only."""
    caller, code = sts(org, "mfa1"), mfa("mfa1")
    assert assume(caller, "NeedsMfa", **code)
    bad = ("AccessDenied", 403, "MultiFactorAuthentication failed with invalid MFA one time pass code.")
    assert refused(lambda: assume(caller, "NeedsMfa", **code)) == bad
    assert refused(lambda: caller.get_session_token(**code)) == bad
    assert assume(caller, "DeniesFalseMfaIfExists", **mfa("mfa1", 1))


def test_mfa_age(org: Running) -> None:
    """aws:MultiFactorAuthAge is there after a code, and small."""
    assert assume(sts(org, "mfa2"), "FreshMfa", **mfa("mfa2"))


def test_mfa_wrong(org: Running) -> None:
    """A wrong code, half of the pair, or somebody else's device have words of their own."""
    caller = sts(org, "mfa3")
    own = mfa("mfa3")
    bad = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    half = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
    serial = (
        "MultiFactorAuthentication failed, unable to validate MFA code.  "
        "Please verify your MFA serial number is valid and associated with this user."
    )
    for given, message in [
        (mfa("mfa3", 20), bad),
        ({"SerialNumber": own["SerialNumber"]}, half),
        ({"TokenCode": own["TokenCode"]}, half),
        ({**own, "SerialNumber": mfa("mfa4")["SerialNumber"]}, serial),
        ({**own, "SerialNumber": "GAHT12345678"}, serial),
    ]:
        for call in (
            lambda given=given: assume(caller, "NeedsMfa", **given),
            lambda given=given: caller.get_session_token(**given),
        ):
            assert refused(call) == ("AccessDenied", 403, message)
    assert assume(caller, "NeedsMfa", **own)


def test_a_role_has_no_device(org: Running) -> None:
    """MFA is a user's: a role's session cannot give a code."""
    told = refused(lambda: assume(chained(org), "NeedsMfa", **mfa("alice")))
    assert told[:2] == ("AccessDenied", 403)
    assert "unable to validate MFA code" in told[2]


def test_mfa_in_a_session_token(org: Running) -> None:
    """A session token with MFA carries it on; one without has it as false, where long-term keys have it not at all."""
    caller = sts(org, "mfa5")
    with_mfa = sts(org, credentials_of(caller.get_session_token(**mfa("mfa5"))))
    for role in ("NeedsMfa", "FreshMfa", "DeniesFalseMfa", "DeniesFalseMfaIfExists", "NeverWithoutToken"):
        assert assume(with_mfa, role)
    without = sts(org, credentials_of(caller.get_session_token()))
    for role in ("NeedsMfa", "FreshMfa", "DeniesFalseMfa", "DeniesFalseMfaIfExists"):
        assert refused(lambda role=role: assume(without, role)) == not_authorized(user("mfa5"), role)
    assert assume(without, "NeverWithoutToken")


def test_mfa_does_not_pass_down_a_chain(org: Running) -> None:
    """A role's session has no MFA of its own, whatever its caller had."""
    first = sts(org, credentials_of(assume(sts(org, "mfa6"), "NeedsMfa", **mfa("mfa6"))))
    assert refused(lambda: assume(first, "DeniesFalseMfa")) == not_authorized(session("NeedsMfa"), "DeniesFalseMfa")
    assert refused(lambda: assume(first, "NeedsMfa")) == not_authorized(session("NeedsMfa"), "NeedsMfa")


def test_durations(org: Running) -> None:
    """The role's maximum, and the hour for whoever comes with session credentials."""
    alice = sts(org, "alice")
    assert assume(alice, "TrustsAccount", DurationSeconds=7200)
    maximum = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert refused(lambda: assume(alice, "TrustsAccount", DurationSeconds=7201)) == ("ValidationError", 400, maximum)
    hour = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    token = sts(org, credentials_of(alice.get_session_token()))
    for caller, role in ((chained(org), "ChainEnd"), (token, "TrustsAccount")):
        assert refused(lambda c=caller, r=role: assume(c, r, DurationSeconds=3601)) == ("ValidationError", 400, hour)
        assert assume(caller, role, DurationSeconds=3600)


def test_session_token_durations(org: Running) -> None:
    """Twelve hours for a user unless told, one at most for a root, who is not told."""

    def length(answer: Any) -> float:
        seconds: float = (answer["Credentials"]["Expiration"] - datetime.now(UTC)).total_seconds()
        return seconds

    alice, root = sts(org, "alice"), sts(org, f"{MINE}:root")
    assert 43000 < length(alice.get_session_token()) <= 43200
    assert 129000 < length(alice.get_session_token(DurationSeconds=129600)) <= 129600
    assert 3500 < length(root.get_session_token()) <= 3600
    assert 3500 < length(root.get_session_token(DurationSeconds=129600)) <= 3600
    assert 800 < length(root.get_session_token(DurationSeconds=900)) <= 900


def test_session_token_needs_long_term_keys(org: Running) -> None:
    """Neither a session token nor a role's session gives another session token."""
    told = ("AccessDenied", 403, "Cannot call GetSessionToken with session credentials")
    token = credentials_of(sts(org, "alice").get_session_token())
    assert refused(sts(org, token).get_session_token) == told
    assert refused(chained(org).get_session_token) == told


def test_session_token_without_permission(org: Running) -> None:
    """GetSessionToken and GetCallerIdentity need no permission, and no policy denies them."""
    assert sts(org, "denied").get_session_token()
    assert sts(org, "denied").get_caller_identity()


def test_iam_needs_mfa_in_a_session_token(org: Running) -> None:
    """IAM takes a session token that was given for a code, and knows no other."""
    told = ("InvalidClientTokenId", 403, "The security token included in the request is invalid.")
    caller = sts(org, "mfa7")
    without = credentials_of(caller.get_session_token())
    assert refused(sts(org, without, "iam").list_users) == told
    with_mfa = credentials_of(caller.get_session_token(**mfa("mfa7")))
    assert sts(org, with_mfa, "iam").list_users()["Users"]


@pytest.mark.parametrize(
    ("role_arn", "message"),
    [
        ("arn:aws:iam::12345:role/X", "arn:aws:iam::12345:role/X is invalid"),
        ("arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:user/alice is invalid"),
        ("twenty characters are enough", "twenty characters are enough is invalid"),
        (f"arn:aws:iam::{MINE}:role/", f"arn:aws:iam::{MINE}:role/ is invalid"),
        (f"arn:aws:sts::{MINE}:assumed-role/A/b", f"arn:aws:sts::{MINE}:assumed-role/A/b is invalid"),
    ],
)
def test_malformed_role_arn(org: Running, role_arn: str, message: str) -> None:
    """What is no role's ARN is invalid, in AWS's words."""
    told = refused(lambda: sts(org, "alice").assume_role(RoleArn=role_arn, RoleSessionName="me"))
    assert told == ("ValidationError", 400, message)


def test_parameters_come_before_permissions(org: Running) -> None:
    """A call that is malformed is told so, even to one who may not."""
    told = refused(lambda: assume(sts(org, "bob"), "TrustsAccount", RoleSessionName="a b"))
    pattern = r"satisfy regular expression pattern: [\w+=,.@-]*"
    problem = f"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must {pattern}"
    assert told == ("ValidationError", 400, f"1 validation error detected: {problem}")


def test_tags_need_permission(org: Running) -> None:
    """sts:TagSession is asked of the trust policy and of the caller."""
    alice = sts(org, "alice")
    told = refused(lambda: assume(alice, "NoTags", Tags=TAGS))
    assert told == not_authorized(user("alice"), "NoTags", action="TagSession")
    assert assume(alice, "NoTags", Tags=[])
    # In the caller's account, trust in the user alone suffices for tags too; across accounts both sides are asked.
    assert assume(alice, "TrustsAlice", Tags=TAGS)["PackedPolicySize"] > 0
    told = refused(lambda: assume(sts(org, "untagging"), "OnlyTagKeys", Tags=TAGS))
    assert told == not_authorized(user("untagging"), "OnlyTagKeys", action="TagSession")


def test_tag_conditions(org: Running) -> None:
    """aws:RequestTag, aws:PrincipalTag, aws:TagKeys and sts:TransitiveTagKeys are what they should be."""
    alice = sts(org, "alice")
    assert assume(alice, "Tagged", Tags=TAGS)
    assert refused(lambda: assume(alice, "Tagged", Tags=[{"Key": "project", "Value": "red"}]))[0] == "AccessDenied"
    assert assume(alice, "OnlyTagKeys", Tags=TAGS)
    assert refused(lambda: assume(alice, "OnlyTagKeys", Tags=[*TAGS, {"Key": "x", "Value": "y"}]))[0] == "AccessDenied"
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert assume(alice, "Transitive", Tags=tags, TransitiveTagKeys=["a"])
    assert refused(lambda: assume(alice, "Transitive", Tags=tags, TransitiveTagKeys=["b"]))[0] == "AccessDenied"


def test_tags_that_contradict_themselves(org: Running) -> None:
    """Doubled keys, and transitive keys that are no tags, are invalid before anybody is asked."""
    bob = sts(org, "bob")
    doubled = [{"Key": "Team", "Value": "1"}, {"Key": "team", "Value": "2"}]
    assert refused(lambda: assume(bob, "NoTags", Tags=doubled)) == (
        "InvalidParameterValue",
        400,
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )
    assert refused(lambda: assume(bob, "NoTags", Tags=TAGS, TransitiveTagKeys=["other"])) == (
        "InvalidParameterValue",
        400,
        "The specified transitive tag key must be included in the requested tags.",
    )
    reserved = [{"Key": "aws:x", "Value": "1"}]
    assert refused(lambda: assume(bob, "NoTags", Tags=reserved))[:2] == ("InvalidParameterValue", 400)


def test_transitive_tags(org: Running) -> None:
    """A transitive tag goes down the chain, stands for the principal and for the role, and cannot be given again."""
    tagged = chained(org, Tags=TAGS, TransitiveTagKeys=["project"])
    assert assume(tagged, "ChainEndByTag")
    second = sts(org, credentials_of(assume(tagged, "ChainEnd")))
    assert assume(second, "ThirdByTag")
    told = refused(lambda: assume(tagged, "ChainEnd", Tags=[{"Key": "Project", "Value": "green"}]))
    problem = "it conflicts with a transitive tag key from the calling session."
    message = f"One of the specified transitive tag keys can't be set because {problem}"
    assert told == ("InvalidParameterValue", 400, message)
    assert refused(lambda: assume(tagged, "ChainEndNoTags")) == not_authorized(
        session("TrustsAlice"), "ChainEndNoTags", action="TagSession"
    )
    assert assume(tagged, "ChainEnd")["PackedPolicySize"] > 0


def test_other_tags_stay(org: Running) -> None:
    """A tag that is not transitive ends with its session; the role's own tag is what is left."""
    tagged = chained(org, Tags=TAGS)
    assert refused(lambda: assume(tagged, "ChainEndByTag"))[0] == "AccessDenied"
    assert assume(tagged, "ChainEndNoTags")


def test_source_identity(org: Running) -> None:
    """A source identity needs permission, is seen by conditions, and goes down the chain unchanged."""
    alice = sts(org, "alice")
    assert assume(alice, "NamedSource", SourceIdentity="alice")["SourceIdentity"] == "alice"
    assert refused(lambda: assume(alice, "NamedSource", SourceIdentity="bob"))[0] == "AccessDenied"
    assert refused(lambda: assume(alice, "NoTags", SourceIdentity="alice")) == not_authorized(
        user("alice"), "NoTags", action="SetSourceIdentity"
    )
    named = chained(org, SourceIdentity="alice")
    assert assume(named, "ChainEndBySource")["SourceIdentity"] == "alice"
    assert assume(named, "ChainEnd", SourceIdentity="alice")["SourceIdentity"] == "alice"
    assert refused(lambda: assume(named, "ChainEnd", SourceIdentity="bob")) == not_authorized(
        session("TrustsAlice"), "ChainEnd", action="SetSourceIdentity"
    )
    assert refused(lambda: assume(named, "ChainEndNoSource")) == not_authorized(
        session("TrustsAlice"), "ChainEndNoSource", action="SetSourceIdentity"
    )
    assert refused(lambda: assume(alice, "NamedSource", SourceIdentity="aws:x"))[0] == "ValidationError"


def test_chain_limits_by_session_policy(org: Running) -> None:
    """A session policy takes away what the role could do, down the chain as well."""
    nothing = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    limited = chained(org, Policy=nothing)
    assert refused(lambda: assume(limited, "TrustsAccount")) == not_authorized(session("TrustsAlice"), "TrustsAccount")
    assert assume(chained(org), "TrustsAccount")
    by_arn = chained(org, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}])
    assert refused(lambda: assume(by_arn, "TrustsAccount"))[0] == "AccessDenied"
    by_own = chained(org, PolicyArns=[{"arn": f"arn:aws:iam::{MINE}:policy/MayAssume"}])
    assert assume(by_own, "TrustsAccount")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{}", "Syntax errors in policy."),
        ("nonsense", "The policy is not in the valid JSON format."),
        (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}',
            "Syntax errors in policy.",
        ),
    ],
)
def test_malformed_session_policy(org: Running, policy: str, message: str) -> None:
    """A session policy that is none is refused."""
    told = refused(lambda: assume(sts(org, "alice"), "TrustsAlice", Policy=policy))
    assert told == ("MalformedPolicyDocument", 400, message)


def test_session_policy_arn_that_is_none(org: Running) -> None:
    """A managed session policy has to be there."""
    arns = [{"arn": "arn:aws:iam::aws:policy/NoSuchPolicy"}]
    told = refused(lambda: assume(sts(org, "alice"), "TrustsAlice", PolicyArns=arns))
    assert told[:2] == ("MalformedPolicyDocument", 400)


def test_packed_size(org: Running) -> None:
    """The one public measurement: nine tags of two and 250 characters take 498 %; and a policy's size is told."""
    alice = sts(org, "alice")
    tags = [{"Key": f"T{n}", "Value": "a" * 250} for n in range(1, 10)]
    assert refused(lambda: assume(alice, "TrustsAlice", Tags=tags)) == (
        "PackedPolicyTooLarge",
        400,
        "Packed size of session tags consumes 498% of allotted space.",
    )
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    assert 0 < assume(alice, "TrustsAlice", Policy=policy)["PackedPolicySize"] < 50


def test_other_operations_are_said_to_be_missing(org: Running) -> None:
    """What the emulator does not have yet it says so, and moto's own STS never answers."""
    told = refused(lambda: sts(org, "alice").get_scoped_credentials(DurationSeconds=900))
    assert told[:2] == ("NotImplemented", 501)
    assert "the emulator does not have" in told[2].lower()


def test_deleted_role_ends_its_sessions(org: Running) -> None:
    """A session of a role that is gone is no session, even when another role has its name."""
    alice, iam = sts(org, "alice"), sts(org, f"{MINE}:root", "iam")
    trust = TRUST_ALL % "Allow"
    iam.create_role(RoleName="Brief", AssumeRolePolicyDocument=trust)
    held = sts(org, credentials_of(assume(alice, "Brief")))
    assert held.get_caller_identity()
    iam.delete_role(RoleName="Brief")
    iam.create_role(RoleName="Brief", AssumeRolePolicyDocument=trust)
    assert refused(held.get_caller_identity)[0] == "InvalidClientTokenId"


def test_changes_in_iam_count_at_once(org: Running) -> None:
    """What is changed through IAM's API decides the next AssumeRole."""
    alice, iam = sts(org, "alice"), sts(org, f"{MINE}:root", "iam")
    iam.create_role(RoleName="Changing", AssumeRolePolicyDocument=TRUST_ALL % "Allow", MaxSessionDuration=3600)
    assert assume(alice, "Changing")
    iam.update_role(RoleName="Changing", MaxSessionDuration=7200)
    assert assume(alice, "Changing", DurationSeconds=7200)
    iam.update_assume_role_policy(RoleName="Changing", PolicyDocument=TRUST_ALL % "Deny")
    assert refused(lambda: assume(alice, "Changing")) == not_authorized(user("alice"), "Changing")
