"""What several kinds of tests stand on; no tests in here."""
