"""sts:AssumeRoot: the root user of a member account, for one task and a quarter of an hour.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
"""

from __future__ import annotations

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.request import SessionRequest
from stsctl.sources.answer import session_credentials
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRoot:
    """The exchange of credentials of the organization's management account for a root user's session."""

    clients: Clients

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,
        code: str | None,  # noqa: ARG002 - the operation takes none
    ) -> Session:
        """The root user's session; see `Exchange`. The answer does not tell whose it is."""
        assert request.account_id is not None
        duration = {"DurationSeconds": int(request.duration.total_seconds())} if request.duration else {}
        answer = self.clients.call(
            "sts",
            "AssumeRoot",
            request.endpoint,
            credentials,
            TargetPrincipal=request.account_id,
            TaskPolicyArn={"arn": str(request.task_policy_arn)},
            **duration,
        )
        now = self.clients.now()
        partition = request.endpoint.partition
        return Session(
            credentials=session_credentials(answer.body, now),
            request_key=request.cache_key(),
            obtained_at=now,
            identity=Arn(partition=partition, service="iam", region="", account=request.account_id, resource="root"),
            account_id=request.account_id,
            source_identity=answer.body.get("SourceIdentity"),
        )
