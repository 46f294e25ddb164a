"""The workloads of an organisation: what is served at their ports, and who takes the place of one."""

from __future__ import annotations

import threading
from datetime import datetime

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory import launched_instances
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.instance_profiles import InstanceProfiles
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.seeds.workload import Instance, Task, Workload
from stsctl.emulator.sts.service_roles import ServiceRoles
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.workloads import surroundings
from stsctl.emulator.workloads.container_credentials import ContainerCredentials, assumption_of
from stsctl.emulator.workloads.instance_metadata import InstanceMetadata
from stsctl.emulator.workloads.ports import Ports
from stsctl.emulator.workloads.run_as import Runs
from stsctl.emulator.workloads.surroundings import Surroundings
from stsctl.emulator.world.site import Site


class NoSuchWorkloadError(Exception):
    """Nothing in the organisation is called so; the message says what was wanted."""


class AmbiguousWorkloadError(Exception):
    """Several are called so; the message says which."""


class Workloads:
    """Serves the workloads of the seed, and every other that has a port."""

    def __init__(
        self,
        organisation: Organisation,
        *,
        directory: Directory,
        authorization: Authorization,
        sessions: Sessions,
        ports: Ports,
        started_at: datetime,
    ) -> None:
        self._roles = ServiceRoles(directory, authorization, sessions)
        self._profiles = InstanceProfiles(directory)
        self._ports = ports
        self.runs = Runs(directory, self._roles, self._profiles, ports)
        self._started_at = started_at
        self._lock = threading.Lock()
        self._sites: dict[Instance | str, Site] = {}
        self._accounts = directory.accounts
        self._seeded: list[Workload] = [each for account in organisation.accounts for each in account.workloads]
        for each in self._seeded:
            if isinstance(each, Instance) and each.profile and each.role:
                self._profiles.put(each.account, each.profile, each.role)

    def site(self, workload: Workload) -> Site | None:
        """What is served at the workload's port; None for an instance that is terminated."""
        key: Instance | str = workload.arn
        if isinstance(workload, Instance) and workload.launched:
            now = launched_instances.find(workload.id, self._accounts)
            if now is None:
                return None
            key = workload = now  # it may have another profile by now
        with self._lock:
            found = self._sites.get(key)
            if found is None:
                found = self._sites[key] = self._new_site(workload)
            return found

    def enter(self, name: str, now: datetime) -> Surroundings:
        """What surrounds a workload of the seed: `web`, `111111111111:web`, its id or its ARN; or a launched instance.

        Raises NoSuchWorkloadError, AmbiguousWorkloadError, and Refusal for a task that would not start, since its role
        does not trust ECS.
        """
        account, found, rest = name.rpartition(":") if not name.startswith("arn:") else ("", "", name)
        them = [
            each
            for each in self._seeded
            if rest in (each.name, each.id, each.arn) and (not found or each.account == account)
        ]
        if not them and (launched := launched_instances.find(rest.rpartition("/")[2], self._accounts)) is not None:
            them = [launched]
        if not them:
            raise NoSuchWorkloadError(f'there is no "{name}" in this emulator')
        if len(them) > 1:
            several = ", ".join(f"{each.account}:{each.name}" for each in them)
            raise AmbiguousWorkloadError(f'"{name}" is there more than once: {several}')
        workload = them[0]
        if isinstance(workload, Task):
            self._roles.check(workload.account, workload.role, assumption_of(workload), now)
            return surroundings.of_task(workload, self._ports.open(workload))
        return surroundings.of_instance(workload, self._ports.open(workload))

    def _new_site(self, workload: Workload) -> Site:
        if isinstance(workload, Task):
            return ContainerCredentials(workload, self._roles)
        return InstanceMetadata(workload, profiles=self._profiles, roles=self._roles, started_at=self._started_at)
