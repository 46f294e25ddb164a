"""`[source.NAME]` of a configuration: where a chain begins."""

from __future__ import annotations

from stsctl.arn import Arn
from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.origin import Shared
from stsctl.pkcs11_uri import SCHEME, Pkcs11Uri
from stsctl.source import Certificate, IdentityCenter, Issuer, Proof, Source, SourceKind, TokenFrom
from stsctl.tables import Table
from stsctl.url import is_web_page


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntry:
    """`[source.NAME]`. `user_arn` is whose keys they are, `added` says that stsctl wrote it, `shared` whose file it is
    where that is no file of the person's own.
    """

    source: Source
    user_arn: str | None = None
    added: bool = False
    shared: Shared | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.source.name


_EVERYWHERE = ("type", "mfa_serial", "mfa_process", "region")
_KEYS = {
    SourceKind.KEYS: ("access_key_id", "user_arn"),
    SourceKind.ENVIRONMENT: (),
    SourceKind.PROFILE: ("profile",),
    SourceKind.PROCESS: ("process",),
    SourceKind.FILE: ("path",),
    SourceKind.INSTANCE_METADATA: (),
    SourceKind.CONTAINER: (),
    SourceKind.LOGIN: ("login_session",),
    SourceKind.OIDC: (
        "web_identity_token_file", "token_process", "token_variable", "token_from",
        "issuer", "client_id", "scopes", "redirect_port", "audience",
    ),
    SourceKind.SAML: ("assertion_file", "assertion_process", "sign_in_url", "browser", "provider_arn"),
    SourceKind.IDENTITY_CENTER: ("sso_session", "start_url", "sso_region", "scopes", "share_token"),
    SourceKind.ROLES_ANYWHERE: (
        "certificate", "private_key", "passphrase_process", "certificate_chain", "trust_anchor_arn", "profile_arn",
    ),
}  # fmt: skip
"""What each type takes, besides what every source does."""
_NEEDED = {
    SourceKind.PROFILE: ("profile",),
    SourceKind.PROCESS: ("process",),
    SourceKind.FILE: ("path",),
    SourceKind.LOGIN: ("login_session",),
    SourceKind.ROLES_ANYWHERE: ("certificate", "private_key", "trust_anchor_arn", "profile_arn"),
}
"""What it cannot be without."""
_ONE_OF = ("web_identity_token_file", "token_process", "token_variable", "token_from", "issuer")
_ONE_OF_SAML = ("assertion_file", "assertion_process", "sign_in_url")


def entry(name: str, table: Table, *, added: bool) -> SourceEntry:
    """The source that a table says; raises ConfigurationError with its line."""
    kind = table.choice("type", SourceKind)
    if kind is None:
        known = ", ".join(one.value for one in SourceKind)
        raise table.problem(None, f"{table.title} has no type", hint=f'add type = "keys" (known are {known})')
    table.only((*_EVERYWHERE, *_KEYS[kind]))
    for key in _NEEDED.get(kind, ()):
        if key not in table:
            raise table.problem(None, f'{table.title} of type "{kind.value}" has no {key}')
    process = table.command("process")
    source = Source(
        kind=kind,
        name=name,
        profile=table.text("profile"),
        process=_line(process) if process else None,
        path=table.text("path"),
        login_session=_login_session(table),
        mfa_serial=table.checked("mfa_serial", "mfa_serial"),
        mfa_process=table.command("mfa_process"),
        region=table.text("region"),
        access_key_id=table.text("access_key_id"),
        proof=_proof(kind, table),
        identity_center=_identity_center(table) if kind is SourceKind.IDENTITY_CENTER else None,
        certificate=_certificate(table) if kind is SourceKind.ROLES_ANYWHERE else None,
        origin=table.at(),
    )
    return SourceEntry(source=source, user_arn=table.text("user_arn"), added=added)


def _proof(kind: SourceKind, table: Table) -> Proof | None:
    if kind not in (SourceKind.OIDC, SourceKind.SAML):
        return None
    choices = _ONE_OF if kind is SourceKind.OIDC else _ONE_OF_SAML
    said = [key for key in choices if key in table]
    if len(said) > 1:
        raise table.problem(said[1], f"{table.title} says both {said[0]} and {said[1]}", hint="take one of the two out")
    return Proof(
        file=table.text(choices[0]),
        process=table.command(choices[1]),
        variable=table.text("token_variable"),
        token_from=table.choice("token_from", TokenFrom),
        issuer=_issuer(table),
        sign_in_url=_url(table, "sign_in_url"),
        browser=table.text("browser"),
        audience=table.text("audience"),
        provider_arn=_arn(table, "provider_arn", "iam", "saml-provider/", "SAML provider"),
    )


def _issuer(table: Table) -> Issuer | None:
    url, client_id = _url(table, "issuer"), table.text("client_id")
    if url is None:
        for key in ("client_id", "scopes", "redirect_port"):
            if key in table:
                raise table.problem(key, f"{table.title} has {key}, and no issuer to show it to")
        return None
    if client_id is None:
        raise table.problem("issuer", f"{table.title} has an issuer, and no client_id that it knows")
    scopes = table.texts("scopes") or ("openid",)
    if "openid" not in scopes:
        raise table.problem("scopes", 'scopes have no "openid", and without it there is no ID token')
    return Issuer(url=url, client_id=client_id, scopes=scopes, redirect_port=table.number("redirect_port", 1, 65535))


def _identity_center(table: Table) -> IdentityCenter:
    session, url, region = table.text("sso_session"), _url(table, "start_url"), table.text("sso_region")
    share, scopes = bool(table.flag("share_token")), table.texts("scopes")
    if session is not None:
        for key in ("start_url", "sso_region"):
            if key in table:
                raise table.problem(
                    key, f"{table.title} says both sso_session and {key}", hint="take one of the two out"
                )
        # Where people sign in is said in the AWS file: see `identity_centers.settled`.
        return IdentityCenter(start_url="", region="", scopes=scopes, share_token=share, session_name=session)
    for key, value in (("start_url", url), ("sso_region", region)):
        if value is None:
            raise table.problem(None, f'{table.title} of type "identity-center" has no {key}')
    return IdentityCenter(
        start_url=url or "", region=region or "", scopes=scopes or ("sso:account:access",), share_token=share
    )


def _certificate(table: Table) -> Certificate:
    file, key = table.text("certificate"), table.text("private_key")
    anchor = _arn(table, "trust_anchor_arn", "rolesanywhere", "trust-anchor/", "trust anchor")
    profile = _arn(table, "profile_arn", "rolesanywhere", "profile/", "profile of Roles Anywhere")
    assert file is not None
    assert key is not None
    assert anchor is not None
    assert profile is not None
    if key.startswith(SCHEME):
        try:
            Pkcs11Uri.parse(key)
        except UsageError as error:
            raise table.problem("private_key", f"private_key: {error.message}", hint=error.hint) from error
    if (anchor.region, anchor.account) != (profile.region, profile.account):
        raise table.problem("profile_arn", "profile_arn is of another account or region than trust_anchor_arn")
    return Certificate(
        file=file,
        key=key,
        chain_file=table.text("certificate_chain"),
        passphrase_process=table.command("passphrase_process"),
        trust_anchor_arn=anchor,
        profile_arn=profile,
    )


def _url(table: Table, key: str) -> str | None:
    """The address of a web page: https, or on this machine."""
    text = table.text(key)
    if text is None or is_web_page(text):
        return text
    raise table.problem(key, f'{key} "{text}" is no address that begins with https://')


def _line(process: tuple[str, ...]) -> str:
    import shlex

    return shlex.join(process)


def _login_session(table: Table) -> Arn | None:
    """Who signed in: a user, a role's session, or an account's root."""
    text = table.text("login_session")
    try:
        return None if text is None else Arn.parse(text)
    except UsageError as error:
        raise table.problem("login_session", error.message, hint="it is the ARN that the AWS CLI said") from error


def _arn(table: Table, key: str, service: str, resource: str, what: str) -> Arn | None:
    text = table.text(key)
    try:
        arn = None if text is None else Arn.parse(text)
    except UsageError as error:
        raise table.problem(key, error.message, hint=error.hint) from error
    if arn is not None and not (arn.service == service and arn.resource.startswith(resource)):
        region = "" if service == "iam" else "eu-west-1"
        hint = f"it looks like arn:aws:{service}:{region}:111111111111:{resource}NAME"
        raise table.problem(key, f'"{text}" is no ARN of a {what}', hint=hint)
    return arn
