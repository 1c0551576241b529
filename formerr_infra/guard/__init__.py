"""What stops a plan of the engine before it writes."""
