"""Taking a stack down: exactly what it owns, what its cluster has made included, and nothing else.

The core (`plan`, `traces`, `stops`, `verify`) is pure. `look` asks the account, `removal` sends the one write that is not
the engine's, `run` puts them in order.
"""
