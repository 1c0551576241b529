"""The rows that look at what another row decided, and all rows as the page shows them.

They are no matter of matching a case: `decide` and `resolve` apply them afterwards, and name them from here.
"""

from __future__ import annotations

from formerr_infra.decide.row import Cells
from formerr_infra.decide.table import ROWS

WOULD_REPLACE = Cells(
    "3b",
    "managed(id)",
    "id alive, and a field that cannot be changed in place is not as declared, or the state has it tainted",
    "auto, create, import",
    "REFUSE `would-replace`; listed in `allowReplace`, and the id not pinned: KEEP, and the engine replaces it",
)
DOES_NOT_FIT = Cells(
    "26",
    "any",
    "ADOPT, IMPORT or RELEASE of one that does not fit",
    "any",
    "REFUSE `does-not-fit`, field, found and wanted named",
)
IMPORT_WRITES = Cells(
    "26b",
    "any",
    "IMPORT of one that the provider would write to while importing it",
    "any",
    "REFUSE `import-would-write`",
)
OMITTED = Cells(
    "27",
    "nothing of what hangs on another slot",
    "what it hangs on is only read, refused, absent, or foreign and just imported without it, or has it built in",
    "any",
    "OMIT: nothing is added to what is not ours",
)
WOULD_DELETE = Cells(
    "28",
    "managed(id)",
    "any, and the slot is switched off",
    "any; only slots that hold data",
    "REFUSE `would-delete`: what is no longer declared would be deleted",
)
OTHER_URN = Cells(
    "29",
    "the state manages the same one, or one of the slot's type and name, under a URN that is not the slot's",
    "any",
    "any",
    "REFUSE `other-urn`: the engine would make a second one, or delete the one that it just took in",
)
#: Rows that look at what another row decided, or at what is no longer decided at all.
AFTERWARDS = (WOULD_REPLACE, DOES_NOT_FIT, IMPORT_WRITES, OMITTED, WOULD_DELETE, OTHER_URN)
#: Rows that only say that others apply.
_AS_NONE = (
    Cells("14", "interrupted", "absent", "any", "as `none`"),
    Cells("16", "interrupted", "otherwise", "any", "as `none`"),
)


def published() -> tuple[Cells, ...]:
    """All rows in the order in which they apply; 3b stands behind 3, 14 and 16 around 15."""
    shown: list[Cells] = []
    for row in ROWS:
        shown += [_AS_NONE[0]] if row.number == "15" else []
        shown.append(row)
        shown += [WOULD_REPLACE] if row.number == "3" else [_AS_NONE[1]] if row.number == "15" else []
    return (*shown, DOES_NOT_FIT, IMPORT_WRITES, OMITTED, WOULD_DELETE, OTHER_URN)
