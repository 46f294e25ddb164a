"""The application: what it answers to whom, whatever it is sent."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import botocore.session
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import ADMIN, READ_ONLY, client, credentials_of

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"


def keys(credentials: Credentials) -> Keys:
    """The same credentials, for botocore's signers."""
    token = credentials.session_token
    return Keys(credentials.access_key_id, credentials.secret_access_key.reveal(), token.reveal() if token else None)


def send(
    running: Running,
    method: str = "POST",
    path: str = "/",
    body: str | bytes = "",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Mapping[str, str], bytes]:
    """One bare HTTP request: status, header fields in lower case, body."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    try:
        connection.request(method, path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
    finally:
        connection.close()


def sign(
    running: Running,
    credentials: Credentials,
    method: str = "POST",
    path: str = "/",
    body: str | bytes = "",
    *,
    service: str = "sts",
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The header fields of a signed request."""
    given = FORM if headers is None else headers
    asked = AWSRequest(
        method, f"{running.url}{path}", data=body, headers={**given, "Host": f"127.0.0.1:{running.port}"}
    )
    SigV4Auth(keys(credentials), service, "us-east-1").add_auth(asked)
    return {name: value if isinstance(value, str) else value.decode() for name, value in asked.headers.items()}


def alice(running: Running) -> Credentials:
    """The keys of the built-in user."""
    return control.principal(running, "alice").credentials


def ask(running: Running, body: str, **more: Any) -> tuple[int, Mapping[str, str], bytes]:
    """A signed request to STS."""
    return send(running, body=body, headers=sign(running, alice(running), body=body, **more))


def parsed_error(protocol: str, answer: tuple[int, Mapping[str, str], bytes]) -> tuple[str, str]:
    """Code and message of an error, by botocore's own parser."""
    status, headers, body = answer
    loaded = botocore.session.get_session().get_service_model("sts")
    shape = loaded.operation_model("GetCallerIdentity").output_shape
    content: Any = create_parser(protocol).parse({"status_code": status, "headers": headers, "body": body}, shape)
    return content["Error"]["Code"], content["Error"]["Message"]


def test_every_answer_names_the_instance(shared_emulator: Running) -> None:
    """Answers and errors carry the emulator's id."""
    answers = [
        ask(shared_emulator, IDENTITY),
        send(shared_emulator, body=IDENTITY, headers=FORM),
        send(shared_emulator, "GET", "/bucket/key"),
        send(shared_emulator, "GET", "/_stsctl/status"),
    ]
    assert {headers["x-stsctl-emulator"] for _, headers, _ in answers} == {shared_emulator.instance}


def test_two_emulators_differ(shared_emulator: Running, emulator: Running) -> None:
    """Another emulator has another id, other keys, and takes no session of this one."""
    assert emulator.instance != shared_emulator.instance
    held = alice(shared_emulator)
    assert alice(emulator) != held
    session = credentials_of(client(shared_emulator, "sts", held).get_session_token())
    for foreign in (held, session):
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client(emulator, "sts", foreign).get_caller_identity()


def test_connections_stay_open(shared_emulator: Running) -> None:
    """Several requests go through one connection, refusals and moto's answers among them."""
    connection = http.client.HTTPConnection("127.0.0.1", shared_emulator.port, timeout=30)
    connection.connect()
    opened = connection.sock
    listing = sign(
        shared_emulator, alice(shared_emulator), "GET", "/", service="s3", headers={"X-Amz-Content-SHA256": EMPTY}
    )
    for method, body, headers in [
        ("POST", IDENTITY, sign(shared_emulator, alice(shared_emulator), body=IDENTITY)),
        ("POST", "Action=Nothing", FORM),
        ("GET", "", listing),
        ("HEAD", "", {}),
        ("POST", IDENTITY, sign(shared_emulator, alice(shared_emulator), body=IDENTITY)),
    ]:
        connection.request(method, "/", body or None, headers)
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 200
    assert connection.sock is opened
    connection.close()


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_chunked_transfer(shared_emulator: Running) -> None:
    """A body that comes in HTTP chunks is read whole."""
    headers = sign(shared_emulator, alice(shared_emulator), body=IDENTITY)
    connection = http.client.HTTPConnection("127.0.0.1", shared_emulator.port, timeout=30)
    connection.request(
        "POST", "/", iter([IDENTITY[:10].encode(), IDENTITY[10:].encode()]), headers, encode_chunked=True
    )
    assert connection.getresponse().status == 200
    connection.close()


def test_presigned_identity(shared_emulator: Running) -> None:
    """A presigned GetCallerIdentity, asked for as JSON, answers what EKS's authenticator reads."""
    asked = AWSRequest(
        "GET", f"{shared_emulator.url}/?{IDENTITY}", headers={"Host": f"127.0.0.1:{shared_emulator.port}"}
    )
    SigV4QueryAuth(keys(alice(shared_emulator)), "sts", "us-east-1", expires=60).add_auth(asked)
    path = asked.url.removeprefix(shared_emulator.url)
    status, _, body = send(shared_emulator, "GET", path, headers={"Accept": "application/json"})
    assert status == 200
    result = json.loads(body)["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
    assert result["Arn"] == "arn:aws:iam::111111111111:user/alice"


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ("", 400, "MissingAction", "The request must contain the parameter Action"),
        ("Version=2011-06-15", 400, "MissingAction", "The request must contain the parameter Action"),
        ("Action=GetCallerIdentity", 400, "InvalidAction", "GetCallerIdentity for version NO_VERSION_SPECIFIED"),
        (
            "Action=Nothing&Version=2011-06-15",
            400,
            "InvalidAction",
            "Could not find operation Nothing for version 2011-06-15",
        ),
        (
            "Action=GetScopedCredentials&Version=2011-06-15",
            501,
            "NotImplemented",
            "The emulator does not have sts:GetScopedCredentials yet",
        ),
        ("Action=AssumeRole&Version=2011-06-15", 400, "ValidationError", "2 validation errors detected"),
        ("%ff%fe", 400, "MalformedQueryString", "syntax error"),
        ("&".join(["a=b"] * 3000), 400, "MalformedQueryString", "syntax error"),
        ("a=" + "b" * 2_000_000, 413, "RequestEntityTooLarge", "too long"),
    ],
)
def test_bad_calls(shared_emulator: Running, body: str, status: int, code: str, message: str) -> None:
    """What is no call of STS gets an error that says why."""
    answer = ask(shared_emulator, body)
    assert answer[0] == status
    told = parsed_error("query", answer)
    assert told[0] == code
    assert message in told[1]


def test_unsigned_calls(shared_emulator: Running) -> None:
    """Nobody's call is refused, in the protocol of whoever made it."""
    told = parsed_error("query", send(shared_emulator, body=IDENTITY, headers=FORM))
    assert told == ("MissingAuthenticationToken", "Request is missing Authentication Token")
    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    assert (
        parsed_error("json", send(shared_emulator, body="{}", headers=target))[0]
        == "MissingAuthenticationTokenException"
    )
    web = urlencode({"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15"})
    assert parsed_error("query", send(shared_emulator, body=web, headers=FORM))[0] == "ValidationError"


@pytest.mark.parametrize(
    ("service", "protocol", "headers", "status", "code"),
    [
        ("sts", "query", FORM, 403, "InvalidClientTokenId"),
        ("iam", "query", FORM, 403, "InvalidClientTokenId"),
        ("ec2", "ec2", FORM, 401, "AuthFailure"),
        ("s3", "rest-xml", {}, 403, "InvalidAccessKeyId"),
        ("dynamodb", "json", {"X-Amz-Target": "a.b"}, 400, "UnrecognizedClientException"),
        ("lambda", "rest-json", {}, 400, "UnrecognizedClientException"),
        ("monitoring", "smithy-rpc-v2-cbor", {"Smithy-Protocol": "rpc-v2-cbor"}, 400, "UnrecognizedClientException"),
    ],
)
def test_unknown_keys(
    shared_emulator: Running, service: str, protocol: str, headers: dict[str, str], status: int, code: str
) -> None:
    """Each protocol has its own words for keys that nobody has, and botocore's parser for it reads them."""
    credentials = control.principal(shared_emulator, "alice").credentials
    stranger = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=credentials.secret_access_key)
    answer = send(shared_emulator, headers=sign(shared_emulator, stranger, service=service, headers=headers))
    assert answer[0] == status
    assert parsed_error(protocol, answer)[0] == code


def test_tokens_belong_to_their_keys(shared_emulator: Running) -> None:
    """A token with long-term keys, and temporary keys without theirs or with another's, are no credentials."""
    held = alice(shared_emulator)
    sts = client(shared_emulator, "sts", held)
    one, two = (credentials_of(sts.get_session_token()) for _ in range(2))
    mixed = [
        Credentials(
            access_key_id=held.access_key_id, secret_access_key=held.secret_access_key, session_token=one.session_token
        ),
        Credentials(access_key_id=one.access_key_id, secret_access_key=one.secret_access_key),
        Credentials(
            access_key_id=one.access_key_id, secret_access_key=one.secret_access_key, session_token=two.session_token
        ),
    ]
    for credentials in mixed:
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client(shared_emulator, "sts", credentials).get_caller_identity()


def test_inactive_and_deleted_keys(emulator: Running) -> None:
    """A key that is switched off, or gone, is nobody's at once."""
    root = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    made = root.create_access_key(UserName="alice")["AccessKey"]
    credentials = Credentials(
        access_key_id=made["AccessKeyId"],
        secret_access_key=type(alice(emulator).secret_access_key)(made["SecretAccessKey"]),
    )
    sts = client(emulator, "sts", credentials)
    assert sts.get_caller_identity()["Arn"].endswith("user/alice")
    root.update_access_key(UserName="alice", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()
    root.delete_access_key(UserName="alice", AccessKeyId=made["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()


@pytest.mark.parametrize(
    "path",
    [
        "/moto-api/",
        "/moto-api/data.json",
        "/moto-api/reset",
        "/%6doto-api/data.json",
        "/latest/meta-data/iam/security-credentials/",
        "/latest/api/token",
        "/favicon.ico",
        "/sts_us-east-1/?Action=GetCallerIdentity",
        "//moto-api/data.json",
        "/./moto-api/data.json",
    ],
)
@pytest.mark.parametrize("service", [None, "s3", "motoapi", "moto_api", "instance_metadata", "STS"])
def test_motos_own_pages_are_not_reachable(shared_emulator: Running, path: str, service: str | None) -> None:
    """Neither signed nor unsigned does anybody get at what moto would answer by itself."""
    headers = sign(shared_emulator, alice(shared_emulator), "GET", path, service=service, headers={}) if service else {}
    status, fields, body = send(shared_emulator, "GET", path, headers=headers)
    assert 400 <= status < 600
    assert status != 500
    assert "x-stsctl-emulator" in fields
    for trace in (b"<html", b"GetCallerIdentityResult", b"ami-id", b"AccessKeyId>"):
        assert trace not in body


@pytest.mark.parametrize("service", ["STS", "sts.x", "IAM"])
def test_motos_sts_is_not_reachable(shared_emulator: Running, service: str) -> None:
    """No other spelling of a service's name leads around our own STS, or around IAM's checks."""
    for body in (IDENTITY, "Action=ListUsers&Version=2010-05-08"):
        headers = sign(shared_emulator, alice(shared_emulator), body=body, service=service)
        status, _, content = send(shared_emulator, body=body, headers=headers)
        assert (status, b"Credential should be scoped to correct service" in content) == (403, True)


def test_the_account_is_ours_to_say(emulator: Running) -> None:
    """A client's own x-moto-account-id changes nothing."""
    root = control.principal(emulator, "111111111111:root").credentials
    body = "Action=ListRoles&Version=2010-05-08"
    headers = sign(emulator, root, body=body, service="iam", headers={**FORM, "x-moto-account-id": "222222222222"})
    status, _, content = send(emulator, body=body, headers=headers)
    assert status == 200
    assert b":111111111111:role/Hub" in content
    assert b"222222222222" not in content


def test_whose_account_moto_acts_in(emulator: Running) -> None:
    """A role's session acts in the role's account, not in that of the user behind it."""
    admin = control.principal(emulator, ADMIN).credentials
    roles = client(emulator, "iam", admin).list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == ["Admin"]


def test_a_bucket_for_everybody(emulator: Running) -> None:
    """Unsigned, a bucket's object is read where its policy says so, and nothing else is done."""
    s3 = client(emulator, "s3", control.principal(emulator, "222222222222:root").credentials)
    s3.create_bucket(Bucket="public")
    s3.put_object(Bucket="public", Key="open/a b", Body=b"hello")
    s3.put_object(Bucket="public", Key="closed", Body=b"secret")
    path = "/public/open/" + quote("a b")
    assert send(emulator, "GET", path)[0] == 403
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/open/*"}
        ],
    }
    s3.put_bucket_policy(Bucket="public", Policy=json.dumps(policy))
    assert send(emulator, "GET", path)[::2] == (200, b"hello")
    assert send(emulator, "HEAD", path)[0] == 200
    for method, other in [
        ("GET", "/public/closed"),
        ("GET", "/public"),
        ("GET", path + "?acl"),
        ("PUT", path),
        ("DELETE", path),
        ("GET", "/"),
        ("GET", "/nosuchbucket/x"),
    ]:
        answer = send(emulator, method, other, b"x" if method == "PUT" else b"")
        assert answer[0] == 403, (method, other)
        assert parsed_error("rest-xml", answer)[0] == "AccessDenied"
    assert parsed_error("rest-xml", send(emulator, "POST", path))[0] == "MethodNotAllowed"


def test_mfa_device_needs_its_codes(emulator: Running) -> None:
    """A new device is enabled by two codes in a row, and then by nothing less."""
    import time
    from datetime import UTC, datetime

    from stsctl.credentials import Secret
    from stsctl.totp import code_at, step_at

    root = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    root.create_user(UserName="eve")
    device = root.create_virtual_mfa_device(VirtualMFADeviceName="eve")["VirtualMFADevice"]
    seed, serial = Secret(device["Base32StringSeed"].decode()), device["SerialNumber"]
    with pytest.raises(ClientError, match="Authentication code for device is not valid"):
        root.enable_mfa_device(
            UserName="eve", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
        )
    step = step_at(datetime.fromtimestamp(time.time(), UTC))
    codes = {"AuthenticationCode1": code_at(seed, step - 1), "AuthenticationCode2": code_at(seed, step)}
    root.enable_mfa_device(UserName="eve", SerialNumber=serial, **codes)
    assert root.list_mfa_devices(UserName="eve")["MFADevices"][0]["SerialNumber"] == serial


def test_the_caller_is_meant_by_default(emulator: Running) -> None:
    """IAM's own-user operations mean who asks; a role or a root has to name somebody."""
    iam = client(emulator, "iam", alice(emulator))
    assert iam.list_mfa_devices()["MFADevices"][0]["SerialNumber"] == "arn:aws:iam::111111111111:mfa/alice"
    assert iam.get_user()["User"]["UserId"].startswith("AIDA")
    assert [key["UserName"] for key in iam.list_access_keys()["AccessKeyMetadata"]] == ["alice"]
    role = client(emulator, "iam", control.principal(emulator, READ_ONLY).credentials)
    with pytest.raises(ClientError, match="Must specify userName when calling with non-User credentials"):
        role.list_access_keys()


def test_policies_are_checked_before_they_are_saved(emulator: Running) -> None:
    """A document that could not be evaluated is refused, with its place."""
    iam = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    with pytest.raises(ClientError, match=r"MalformedPolicyDocument.*1:\d+"):
        iam.create_role(
            RoleName="Bad", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'
        )
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument="{")


def test_a_users_boundary_is_kept(emulator: Running) -> None:
    """A boundary given to a user limits it, is shown, and can be changed and taken away."""
    iam = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    iam.create_user(UserName="eve", PermissionsBoundary=arn)
    assert iam.get_user(UserName="eve")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    sts = client(emulator, "sts", alice(emulator))
    assert sts.assume_role(RoleArn=READ_ONLY, RoleSessionName="me")
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=READ_ONLY, RoleSessionName="me")
    iam.delete_user_permissions_boundary(UserName="alice")
    assert sts.assume_role(RoleArn=READ_ONLY, RoleSessionName="me")
    assert "PermissionsBoundary" not in iam.get_user(UserName="alice")["User"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.create_user(UserName="mallory", PermissionsBoundary="arn:aws:iam::aws:policy/NoSuch")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.put_user_permissions_boundary(UserName="mallory", PermissionsBoundary=arn)


def test_awss_policies_are_there(emulator: Running) -> None:
    """The policies that AWS manages can be attached and read."""
    iam = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "ReadOnlyAccess"
    assert iam.list_policies(Scope="AWS")["Policies"]


def test_what_moto_lacks_is_said(emulator: Running) -> None:
    """An operation that nobody emulates is an error that says so, and no retry."""
    iam = client(emulator, "iam", control.principal(emulator, "111111111111:root").credentials)
    with pytest.raises(ClientError) as error:
        iam.generate_service_last_accessed_details(Arn="arn:aws:iam::111111111111:user/alice")
    answer: Any = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "iam:GenerateServiceLastAccessedDetails" in answer["Error"]["Message"]


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    body=st.binary(max_size=200),
    service=st.sampled_from([None, "sts", "iam", "s3", "ec2", "dynamodb", "lambda", "sqs", "unheard-of"]),
    content=st.sampled_from(
        ["", FORM["Content-Type"], "application/x-amz-json-1.1", "application/cbor", 'text/xml; charset="']
    ),
)
def test_garbage_gets_an_answer(
    shared_emulator: Running, method: str, path: str, body: bytes, service: str | None, content: str
) -> None:
    """Whatever comes, the answer is no failure of the server and names the emulator."""
    headers = {"Content-Type": content} if content else {}
    target = "/" + path.lstrip("/").replace("#", "")
    if service:
        headers = sign(shared_emulator, alice(shared_emulator), method, target, body, service=service, headers=headers)
    status, fields, _ = send(shared_emulator, method, target, body, headers)
    assert status != 500
    assert "x-stsctl-emulator" in fields


@settings(max_examples=150, deadline=None)
@given(
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "AWS4-HMAC-SHA256",
                " ",
                "Credential=",
                "a/b/c/d/e",
                "AKIA/20260101/us-east-1/sts/aws4_request",
                ",",
                "Signature=x",
                "SignedHeaders=host",
                "=",
                ";",
                "é",
            ]
        ),
        max_size=12,
    ).map("".join),
    date=st.sampled_from(["", "20260101T000000Z", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"]),
)
def test_garbled_signatures_get_an_answer(shared_emulator: Running, header: str, date: str) -> None:
    """So does every Authorization header."""
    headers = {**FORM, "Authorization": header.strip() or "x", **({"X-Amz-Date": date} if date else {})}
    status, _, _ = send(shared_emulator, body=IDENTITY, headers=headers)
    assert 400 <= status < 500


@settings(max_examples=100, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["RoleArn", "RoleSessionName", "Policy", "DurationSeconds", "Tags.member.1.Key", "SourceIdentity"]
        )
        | st.sampled_from(
            ["Tags.member.1.Value", "TransitiveTagKeys.member.1", "SerialNumber", "TokenCode", "ExternalId"]
        ),
        st.text(max_size=40)
        | st.sampled_from([READ_ONLY, ADMIN, "me-and-you", "3600", "{}", '{"Version":"2012-10-17"}']),
        min_size=3,
    ),
    operation=st.sampled_from(["AssumeRole", "GetSessionToken", "GetCallerIdentity"]),
)
def test_garbled_parameters_get_an_answer(shared_emulator: Running, fields: dict[str, str], operation: str) -> None:
    """So do all parameters, and the error parses."""
    body = urlencode({"Action": operation, "Version": "2011-06-15", **fields}, errors="surrogatepass")
    answer = ask(shared_emulator, body)
    if answer[0] != 200:
        assert 400 <= answer[0] < 500
        assert parsed_error("query", answer)[0]
