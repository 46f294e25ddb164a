"""What the control plane answers about workloads: how a program takes the place of one."""

from __future__ import annotations

from collections.abc import Mapping

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.workloads.run_as import CannotRunError, Run
from stsctl.emulator.workloads.surroundings import Surroundings
from stsctl.emulator.workloads.workloads import AmbiguousWorkloadError, NoSuchWorkloadError, Workloads
from stsctl.emulator.world.journal import Entry

PLACES = frozenset({"workload", "run"})
"""What it is asked for."""
_DEFAULT_REGION = "us-east-1"


class WorkloadPlane:
    """Opens ports, and says which variables lead to them."""

    def __init__(self, workloads: Workloads) -> None:
        self._workloads = workloads

    def answer(self, what: str, request: Request, entry: Entry) -> tuple[int, dict[str, object]]:
        """The status and the content for `workload`, one of the seed by its `name`, and for `run`."""
        try:
            if what == "workload":
                found = self._workloads.enter(request.argument("name") or "", entry.at)
            else:
                found = self._workloads.runs.begin(_run(request), entry.at)
        except (NoSuchWorkloadError, CannotRunError) as error:
            return 404, {"error": str(error)}
        except AmbiguousWorkloadError as error:
            return 409, {"error": str(error)}
        except Refusal as refusal:
            entry.refuse(refusal)
            return 403, {"code": refusal.code, "error": refusal.message, "because": refusal.because.splitlines()}
        except OSError as error:
            return 409, {"error": f"its port cannot be opened: {(error.strerror or '').lower()}"}
        return 200, _spelled(found)


def _run(request: Request) -> Run:
    pid = request.argument("pid") or ""
    return Run(
        service=request.argument("service") or "",
        role=request.argument("role") or "",
        region=request.argument("region") or _DEFAULT_REGION,
        program=request.argument("program") or "",
        pid=int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 10 else None,
    )


def _spelled(found: Surroundings) -> dict[str, object]:
    variables: Mapping[str, str] = {name: value.reveal() for name, value in found.variables.items()}
    return {"arn": found.arn, "variables": variables}
