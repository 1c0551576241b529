"""`python -m formerr_infra.docs`: write the generated pages, or check them."""

from __future__ import annotations

import sys

from formerr_infra.docs import main

sys.exit(main())
