"""The figures that the project promises, measured: `make bench`, or `python -m bench`.

Everything is measured in pairs within one run, so that a slow or busy machine slows both sides of a ratio. It talks
to an emulator on loopback that adds 50 ms to each answer.
"""
