"""A source with a certificate: how it is written, and where its first call is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stsctl import configuration, endpoint, settings
from stsctl.arn import Arn
from stsctl.callers import operation_of
from stsctl.errors import ConfigurationError, UsageError
from stsctl.request import Endpoint, Operation
from stsctl.source import Source
from stsctl.target import Hop, Target

PLACE = "arn:aws:rolesanywhere:eu-central-1:111111111111"
WRITTEN = {
    "type": "roles-anywhere",
    "certificate": "~/web.pem",
    "private_key": "~/key.pem",
    "trust_anchor_arn": f"{PLACE}:trust-anchor/a",
    "profile_arn": f"{PLACE}:profile/p",
}


def source(**more: str | None) -> Source:
    """What a configuration says, with other lines in it, or without some (None)."""
    said = {key: value for key, value in (WRITTEN | more).items() if value is not None}
    text = "[source.web]\n" + "".join(f"{key} = '{value}'\n" for key, value in said.items())
    return configuration.load(text.encode(), None, config_place="c").sources["web"].source


def test_everything_is_read() -> None:
    """Paths, ARNs, and what gives the passphrase."""
    found = source(certificate_chain="~/chain.pem", passphrase_process="pass show web").certificate
    assert found is not None
    assert (found.file, found.key, found.chain_file) == ("~/web.pem", "~/key.pem", "~/chain.pem")
    assert (str(found.trust_anchor_arn), str(found.profile_arn)) == (f"{PLACE}:trust-anchor/a", f"{PLACE}:profile/p")
    assert found.passphrase_process == ("pass", "show", "web")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"certificate": None}, "has no certificate"),
        ({"private_key": None}, "has no private_key"),
        ({"trust_anchor_arn": f"{PLACE}:profile/p"}, "is no ARN of a trust anchor"),
        ({"profile_arn": "arn:aws:iam::111111111111:role/x"}, "is no ARN of a profile of Roles Anywhere"),
        ({"profile_arn": f"{PLACE.replace('eu-central-1', 'eu-west-1')}:profile/p"}, "of another account or region"),
        ({"profile_arn": f"{PLACE.replace('111', '222')}:profile/p"}, "of another account or region"),
        ({"private_key": "pkcs11:object=a?pin-value=CANARY"}, "private_key: a PIN in the pkcs11: URI would be seen"),
        ({"private_key": "pkcs11:objekt=a"}, 'private_key: "objekt" is no attribute'),
    ],
)
def test_mistakes(more: dict[str, str | None], said: str) -> None:
    """Each is told with its line, and no PIN is repeated."""
    with pytest.raises(ConfigurationError, match=r"^c:\d+: ") as raised:
        source(**more)
    assert said in raised.value.message
    assert "CANARY" not in f"{raised.value.message}{raised.value.hint}"


def hop(name: str = "Server", partition: str = "aws", region: str | None = None) -> Hop:
    """A role."""
    return Hop(name=name, role_arn=Arn.parse_role(f"arn:{partition}:iam::111111111111:role/{name}"), region=region)


def asked(target: Target, of: Hop, **environ: str) -> Endpoint:
    """Where a role is asked for."""
    return endpoint.resolve(target, of, settings.resolve(configuration.load(None, None), environ))


def test_the_first_call_is_made_where_the_trust_anchor_is() -> None:
    """Whatever region is said; what comes behind it is asked of STS, as ever."""
    first, second = hop(region="us-west-2"), hop("Deploy")
    target = Target(name="t", source=source(), hops=(first, second), region="us-east-2")
    assert [operation_of(target, at) for at in (0, 1)] == [Operation.CREATE_SESSION, Operation.ASSUME_ROLE]
    assert asked(target, first).region == "eu-central-1"
    assert asked(target, second).region == "us-east-2"
    with pytest.raises(ConfigurationError, match="is in partition aws, the role in aws-cn"):
        asked(replace(target, hops=(hop(partition="aws-cn"),)), hop(partition="aws-cn"))


def test_urls_of_its_own() -> None:
    """The service's own URL counts more than the general one, and STS's has no say."""
    target = Target(name="t", source=source(), hops=(hop(), hop("Deploy")))
    first, second = target.hops
    said = {
        "AWS_ENDPOINT_URL_ROLESANYWHERE": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:2",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:3",
    }
    assert asked(target, first, **said).url == "http://127.0.0.1:1"
    assert asked(target, second, **said).url == "http://127.0.0.1:2"
    del said["AWS_ENDPOINT_URL_ROLESANYWHERE"]
    assert asked(target, first, **said).url == "http://127.0.0.1:3"
    assert asked(target, first, **said, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true").url is None
    assert asked(target, first, AWS_ENDPOINT_URL_STS="http://127.0.0.1:2").url is None


def test_what_it_cannot_lead_to() -> None:
    """A user's session and a root user's take credentials that sign."""
    from stsctl.callers import refuse_what_cannot_be
    from stsctl.request import Asker, AskerKind
    from stsctl.target import HopKind

    asker = Asker(kind=AskerKind.CERTIFICATE, id="x")
    for kind in (HopKind.SESSION_TOKEN, HopKind.FEDERATION_TOKEN, HopKind.ROOT):
        target = Target(name="t", source=source(), hops=(Hop(name="h", kind=kind),))
        with pytest.raises(UsageError, match="cannot come from"):
            refuse_what_cannot_be(target, asker)
