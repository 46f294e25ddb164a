"""Services that run what somebody gives them as a role: what making them do so takes, beside iam:PassRole.

Sources: the actions that pass a role and those that start what has it, in
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
(the pages of each service, under "Dependent actions"), and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`actions` make it run something, each on a resource; `{}` is the place for region and account.

    `extra` is what has to be there besides.
    """

    principal: str
    actions: tuple[tuple[str, str], ...]
    extra: str = ""


SERVICES = {
    each.principal: each
    for each in (
        Service(
            principal="lambda.amazonaws.com",
            actions=(
                ("lambda:CreateFunction", "arn:aws:lambda:{}:function:session"),
                ("lambda:InvokeFunction", "arn:aws:lambda:{}:function:session"),
            ),
        ),
        Service(
            principal="ec2.amazonaws.com",
            actions=(("ec2:RunInstances", "arn:aws:ec2:{}:instance/*"),),
            extra="an instance profile that carries the role",
        ),
        Service(
            principal="ecs-tasks.amazonaws.com",
            actions=(
                ("ecs:RegisterTaskDefinition", "*"),
                ("ecs:RunTask", "arn:aws:ecs:{}:task-definition/session:1"),
            ),
            extra="a cluster",
        ),
        Service(
            principal="glue.amazonaws.com",
            actions=(
                ("glue:CreateJob", "arn:aws:glue:{}:job/session"),
                ("glue:StartJobRun", "arn:aws:glue:{}:job/session"),
            ),
        ),
        Service(
            principal="sagemaker.amazonaws.com",
            actions=(
                ("sagemaker:CreateNotebookInstance", "arn:aws:sagemaker:{}:notebook-instance/session"),
                ("sagemaker:CreatePresignedNotebookInstanceUrl", "arn:aws:sagemaker:{}:notebook-instance/session"),
            ),
        ),
        Service(
            principal="cloudformation.amazonaws.com",
            actions=(("cloudformation:CreateStack", "arn:aws:cloudformation:{}:stack/session/*"),),
        ),
        Service(
            principal="datapipeline.amazonaws.com",
            actions=(
                ("datapipeline:CreatePipeline", "*"),
                ("datapipeline:PutPipelineDefinition", "*"),
                ("datapipeline:ActivatePipeline", "*"),
            ),
        ),
        Service(
            principal="codebuild.amazonaws.com",
            actions=(
                ("codebuild:CreateProject", "arn:aws:codebuild:{}:project/session"),
                ("codebuild:StartBuild", "arn:aws:codebuild:{}:project/session"),
            ),
        ),
        Service(
            principal="states.amazonaws.com",
            actions=(
                ("states:CreateStateMachine", "arn:aws:states:{}:stateMachine:session"),
                ("states:StartExecution", "arn:aws:states:{}:stateMachine:session"),
            ),
        ),
        Service(
            principal="ssm.amazonaws.com",
            actions=(("ssm:StartAutomationExecution", "arn:aws:ssm:{}:automation-definition/session:1"),),
        ),
        Service(
            principal="pods.eks.amazonaws.com",
            actions=(("eks:CreatePodIdentityAssociation", "arn:aws:eks:{}:cluster/session"),),
            extra="a pod of the cluster",
        ),
        Service(
            principal="scheduler.amazonaws.com",
            actions=(("scheduler:CreateSchedule", "arn:aws:scheduler:{}:schedule/default/session"),),
        ),
    )
}
"""By the name that a trust policy has."""
