"""Check that a surface's cells were trained as a live study would train them."""

import json

from grids.differences import difference
from grids.surface import Surface
from trainers.job import Job

_IGNORED = ("precision", "value_of")
"""Facts that may differ: another device computes in another precision, and a surface may be read otherwise."""


def misfit(job: Job, surface: Surface) -> str:
    """The differences of a surface's training from the job's, in words; empty where there are none.

    Facts that only one of the two states are not compared: a surface from elsewhere may state few.

    Raises:
        BadInput: the job's task, optimizer or data are not as they must be.
    """
    about, identity = surface.provenance, json.loads(json.dumps(job.identity(surface.space)))
    here = {"task": identity["task"], "optimizer": identity["optimizer"], "metric": identity["metric"]["name"]}
    there = {"task": about.task, "optimizer": about.optimizer, "metric": about.metric}
    for name, mine, other in (("fixed", identity["fixed"], about.fixed), ("data", identity["data"], about.data)):
        shared = [key for key in mine if key in other and key not in _IGNORED and key not in surface.space.names]
        here[name] = {key: mine[key] for key in shared}
        there[name] = json.loads(json.dumps({key: other[key] for key in shared}))
    return difference(here, there)
