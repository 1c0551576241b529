"""The bundled DigitalOcean: a stateful emulator of its API, on loopback only.

It exists so that the whole project runs, and is tested, on one machine without an account. It speaks real HTTP,
keeps its state in a file if asked to, and has a control plane beside the API to prepare accounts and break things.
It runs no droplets and no images: it answers as the service would, and remembers what it was told. Kubernetes control
planes run if it is given the programs.
It imports nothing else of the package.
"""
