"""A deployment: what the engine would do is previewed, judged and agreed to, and then exactly that is done."""

from __future__ import annotations

from formerr_infra.deploy.report import Report
from formerr_infra.deploy.run import HEALTH_SECONDS, Deployment, Screen, Wanted

__all__ = ["HEALTH_SECONDS", "Deployment", "Report", "Screen", "Wanted"]
