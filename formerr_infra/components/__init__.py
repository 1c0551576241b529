"""Components: they carry a decision out. They never look anything up and never decide."""
