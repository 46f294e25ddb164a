"""Items of other tools' keyrings, made by other libraries than stsctl reads them with."""

from __future__ import annotations

import base64
import json

from stsctl.credentials import Credentials


def item(name: str, data: object) -> str:
    """What 99designs/keyring files: JSON, with the data in base64."""
    return json.dumps(
        {
            "Key": name,
            "Data": base64.b64encode(json.dumps(data).encode()).decode(),
            "Label": f"aws-vault ({name})",
            "Description": "",
            "KeychainNotTrustApplication": True,
            "KeychainNotSynchronizable": False,
        }
    )


def pair(keys: Credentials) -> dict[str, object]:
    """A pair as version 2 of the AWS SDK for Go writes it."""
    return {
        "AccessKeyID": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.reveal(),
        "SessionToken": "",
        "Source": "",
        "CanExpire": False,
        "Expires": "0001-01-01T00:00:00Z",
    }


def sealed(text: str, passphrase: str) -> str:
    """A file of the `file` keyring, which jose2go writes: PBES2 and AES-GCM, with the time in the header."""
    from joserfc import jwe
    from joserfc.jwk import OctKey

    algorithms = ["PBES2-HS256+A128KW", "A256GCM"]
    header = {"alg": algorithms[0], "enc": algorithms[1], "created": "2026-01-31 12:00:00 +0000 UTC", "p2c": 8192}
    registry = jwe.JWERegistry(algorithms=algorithms, strict_check_header=False)
    return jwe.encrypt_compact(header, text.encode(), OctKey.import_key(passphrase), registry=registry)
