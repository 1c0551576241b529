"""The policy pack: what no stack may declare, checked by the engine before it does anything.

`pulumi preview --policy-pack policy`. The rules (`policy.rules`) are pure and know neither engine nor SDK; `policy.pack`
hands them what the engine asks about. A rule sees what is declared, not what an account or a cluster does with it, and it
repairs nothing.
"""
