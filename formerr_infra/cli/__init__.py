"""The `formerr` command: one module per group of commands."""
