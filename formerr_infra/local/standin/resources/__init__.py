"""One module per resource kind: its table, and what it does to the API. They know nothing of the protocol."""
