"""Services that run what somebody gives them as a role: what making them do so takes, beside iam:PassRole.

Sources: the actions that pass a role and those that start what has it, in
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
(the pages of each service, under "Dependent actions"), and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from dataclasses import dataclass

from stsctl.access.snapshot import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`actions` make it run something, each on a resource; `{}` is the place for region and account.

    `extra` is what has to be there besides; `in_profile` says that it takes a role only in an instance profile.
    """

    principal: str
    actions: tuple[tuple[str, str], ...]
    extra: str = ""
    in_profile: bool = False

    def actions_for(self, role: Role) -> tuple[tuple[str, str], ...]:
        """The actions that it takes with a role: for one that no instance profile carries, those that make one too."""
        return (*self.actions, *_NEW_PROFILE) if self.in_profile and not role.profiles else self.actions

    def extra_for(self, role: Role) -> str:
        """What has to be there besides, or is named with it."""
        return f"the instance profile {role.profiles[0]}" if self.in_profile and role.profiles else self.extra


_NEW_PROFILE = tuple(
    (f"iam:{operation}", "arn:aws:iam::{account}:instance-profile/session")
    for operation in ("CreateInstanceProfile", "AddRoleToInstanceProfile")
)


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
            actions=(
                ("ec2:RunInstances", "arn:aws:ec2:{}:instance/*"),
                ("ec2:RunInstances", "arn:aws:ec2:{region}::image/ami-00000000000000000"),
                ("ec2:RunInstances", "arn:aws:ec2:{}:network-interface/*"),
                ("ec2:RunInstances", "arn:aws:ec2:{}:security-group/*"),
                ("ec2:RunInstances", "arn:aws:ec2:{}:subnet/*"),
            ),
            in_profile=True,
        ),
        Service(
            principal="ecs-tasks.amazonaws.com",
            actions=(
                ("ecs:RegisterTaskDefinition", "arn:aws:ecs:{}:task-definition/session:1"),
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
                ("datapipeline:PutPipelineDefinition", "arn:aws:datapipeline:{}:pipeline/df-0000000SESSION"),
                ("datapipeline:ActivatePipeline", "arn:aws:datapipeline:{}:pipeline/df-0000000SESSION"),
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
            actions=(
                ("ssm:StartAutomationExecution", "arn:aws:ssm:{}:document/session"),
                ("ssm:StartAutomationExecution", "arn:aws:ssm:{}:automation-execution/*"),
            ),
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
