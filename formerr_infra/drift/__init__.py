"""What changed behind the stack's back: of what it owns by the engine's refresh, of what it adopted by the inventory.

Reads only: the engine previews its refresh, and the state stays as it is. What could not be read is unknown, never clean.
"""
