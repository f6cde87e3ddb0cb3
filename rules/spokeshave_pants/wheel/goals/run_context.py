"""The targets of a finished run. The adapter of the private attributes of Pants' `StreamingWorkunitContext`."""

from __future__ import annotations

from typing import Any

from pants.engine.internals.selectors import Params
from pants.engine.streaming_workunit_handler import StreamingWorkunitContext
from pants.engine.target import Targets
from pants.version import VERSION

from spokeshave_pants.pants_api import determine_bootstrap_environment


class ChangedPantsError(Exception):
    """A Pants that lacks a private attribute which an adapter uses."""


def targets_of(context: StreamingWorkunitContext) -> Targets:
    """The targets that a run's command line names.

    Raises:
        ChangedPantsError: This Pants does not have the private attributes.
    """
    scheduler, specs, options_bootstrapper = _private_attributes(context)
    params = Params(specs, options_bootstrapper, determine_bootstrap_environment(scheduler))
    targets: Targets
    # Not by `product_request`, whose parameters differ between the versions of Pants.
    (targets,) = scheduler.execute(scheduler.execution_request([(Targets, params)]))
    return targets


def _private_attributes(context: StreamingWorkunitContext) -> tuple[Any, Any, Any]:
    try:
        return context._scheduler, context._specs, context._options_bootstrapper
    except AttributeError as err:
        raise ChangedPantsError(
            f"Pants {VERSION} does not have the private API that Spokeshave uses: {err}. Use a version of Pants that "
            f"Spokeshave supports. For a newer one, the adapter {__name__} must change."
        ) from err
