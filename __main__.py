"""The Pulumi program; see `formerr_infra.program`."""

from formerr_infra.program import run

run()
