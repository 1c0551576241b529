"""Local mode: everything on one machine, without an account.

The parts, from the ground up: `paths` (where things lie), `progress` (what a waiting user sees),
`toolchain` (the programs), `install` (the virtual environment; run by a bare Python), `plugin` (official or
stand-in), `daemon` (the local DigitalOcean's process), `environment` (what to export), `runs` (up and
destroy), `summary` (what a run ends with). Nothing here is imported by a run against the real cloud.
"""
