"""The stand-in for the official DigitalOcean resource plugin.

It exists because a machine without access to plugin releases must still be able to run the real Pulumi engine
against the bundled DigitalOcean. It speaks the provider protocol, knows the resources and functions this
project declares, and behaves towards the API as the official plugin does, retries and write-happy importer
included.

It deliberately does not work with the real DigitalOcean: it starts in local mode only (`FORMERR_LOCAL=1`) and
refuses every endpoint that is not loopback.
"""
