"""What a program finds around it where it runs: the variables that lead an SDK to its role, as each service sets them.

Sources: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stsctl.credentials import Credentials, Secret
from stsctl.emulator.seeds.workload import Instance, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Who a program is in the place of a workload, and the variables that it finds."""

    arn: str
    variables: Mapping[str, Secret]


def of_instance(instance: Instance, url: str) -> Surroundings:
    """Those of an instance, whose metadata are at `url`."""
    texts = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, **_in(instance.region)}
    return Surroundings(arn=instance.arn, variables=_secret(texts))


def of_task(task: Task, url: str) -> Surroundings:
    """Those of a container, whose endpoint is at `url`. It reaches no instance metadata: not those of this machine."""
    texts = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + task.path,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_in(task.region),
    }
    variables = _secret(texts) | {"AWS_CONTAINER_AUTHORIZATION_TOKEN": task.token}
    return Surroundings(arn=task.arn, variables=variables)


def of_function(arn: str, region: str, keys: Credentials) -> Surroundings:
    """Those of a Lambda function, whose keys are in its environment."""
    texts = {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_LAMBDA_FUNCTION_NAME": arn.rsplit(":", 1)[-1],
        "AWS_EC2_METADATA_DISABLED": "true",
        **_in(region),
    }
    variables = _secret(texts) | {"AWS_SECRET_ACCESS_KEY": keys.secret_access_key}
    if keys.session_token is not None:
        variables["AWS_SESSION_TOKEN"] = keys.session_token
    return Surroundings(arn=arn, variables=variables)


def _in(region: str) -> dict[str, str]:
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def _secret(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in texts.items()}
