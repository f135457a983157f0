"""Whether a surface is of the very training that is asked for live."""

import json

from grids.surface import Surface
from trainers.differences import difference
from trainers.job import Job

_NO_MATTER = ("precision", "value_of")
"""What another device, or another reading of a surface, may have otherwise."""


def misfit(job: Job, surface: Surface) -> str:
    """What a surface has otherwise than the job, in a reader's words; empty where it fits.

    Compared is what both say: a surface from elsewhere may say little.

    Raises:
        BadInput: the job's task, optimizer or data are not as they must be.
    """
    about, identity = surface.provenance, json.loads(json.dumps(job.identity(surface.space)))
    here = {"task": identity["task"], "optimizer": identity["optimizer"], "metric": identity["metric"]["name"]}
    there = {"task": about.task, "optimizer": about.optimizer, "metric": about.metric}
    for name, mine, other in (("fixed", identity["fixed"], about.fixed), ("data", identity["data"], about.data)):
        shared = [key for key in mine if key in other and key not in _NO_MATTER and key not in surface.space.names]
        here[name] = {key: mine[key] for key in shared}
        there[name] = json.loads(json.dumps({key: other[key] for key in shared}))
    return difference(here, there)
