"""The application's images: what a registry holds, what is deployed, what goes, and which ones a stack is told to run.

`model`, `retention`, `deployed` and `pin` are pure; `registry` speaks to DigitalOcean. Images are neither built nor scanned
here: that is a pipeline's work, with a container engine.
"""

from __future__ import annotations

from formerr_infra.images.deployed import images_in
from formerr_infra.images.model import BACKEND, FRONTEND, Image, Reference
from formerr_infra.images.retention import Plan, plan

__all__ = ["BACKEND", "FRONTEND", "Image", "Plan", "Reference", "images_in", "plan"]
