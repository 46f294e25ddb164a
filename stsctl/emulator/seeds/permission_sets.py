"""Permission sets as the roles that Identity Center makes of them in the accounts that they are assigned to.

Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html (the names and paths)
and https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from stsctl.emulator.protocol import saml_document
from stsctl.emulator.seeds.identity_center import IdentityCenter, PermissionSet
from stsctl.emulator.seeds.organisation import Account, NewRole, NewSamlProvider, Organisation
from stsctl.emulator.world import self_signed

_LONGEST = timedelta(hours=12)
"""The MaxSessionDuration of each such role; how long a session is, the permission set says."""


def with_roles(organisation: Organisation, center: IdentityCenter) -> Organisation:
    """The organisation with the roles of the permission sets in it, and with the providers that they trust."""
    metadata = saml_document.metadata(center.issuer_url, _certificate())

    def provided(account: Account) -> Account:
        roles = [
            _role(center, one, account.id, account.regions.partition)
            for one in center.permission_sets
            if _is_in(one, account.id)
        ]
        if not roles:
            return account
        provider = NewSamlProvider(name=provider_name(center, account.id), metadata=metadata)
        return replace(account, roles=(*account.roles, *roles), saml_providers=(*account.saml_providers, provider))

    return replace(organisation, accounts=tuple(map(provided, organisation.accounts)), identity_center=center)


def role_name(center: IdentityCenter, permission_set: str, account: str) -> str:
    """The name of the role behind a permission set; the digits are the same at each start."""
    return f"AWSReservedSSO_{permission_set}_{_digits(center.instance_id, permission_set, account)}"


def provider_name(center: IdentityCenter, account: str) -> str:
    """The name of the SAML provider that the roles of an account trust."""
    return f"AWSSSO_{_digits(center.instance_id, account)}_DO_NOT_DELETE"


def provider_arn(center: IdentityCenter, account: str, partition: str) -> str:
    """The ARN of that provider."""
    return f"arn:{partition}:iam::{account}:saml-provider/{provider_name(center, account)}"


def _role(center: IdentityCenter, permission_set: PermissionSet, account: str, partition: str) -> NewRole:
    # The region is in the path of every role but those of the first region.
    region = "" if center.region == "us-east-1" else f"{center.region}/"
    provider = provider_arn(center, account, partition)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": saml_document.SIGN_IN}},
            }
        ],
    }
    return NewRole(
        name=role_name(center, permission_set.name, account),
        trust=json.dumps(trust),
        path=f"/aws-reserved/sso.amazonaws.com/{region}",
        description=permission_set.description,
        max_duration=_LONGEST,
        policies=(("AwsSSOInlinePolicy", permission_set.policy),) if permission_set.policy else (),
        managed=permission_set.managed,
        boundary=permission_set.boundary,
    )


def _is_in(permission_set: PermissionSet, account: str) -> bool:
    return any(item.account == account for item in permission_set.assignments)


def _digits(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _certificate() -> str:
    """A certificate whose key is forgotten at once: nobody but Identity Center vouches for anybody, and it asks us."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return self_signed.certificate("AWS SSO", ec.generate_private_key(ec.SECP256R1()))
