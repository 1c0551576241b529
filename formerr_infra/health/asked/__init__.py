"""What is asked of each part of a running environment; each module gives the names of its checks and their results."""
