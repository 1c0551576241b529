"""The sweep over the calls to a cluster's API server: the application on a real one, each call that changes something met
by each fault."""
