"""The fault campaign: the real engine on the bundled DigitalOcean, under users, other people and faults."""
