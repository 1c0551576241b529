"""What is live on a cluster: asked of its API server, answered with values, never guessed.

Reads only. What could not be learned is unknown, which is never the same as absent. It decides nothing, and knows
nothing of what the application consists of.
"""
