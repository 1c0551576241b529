"""A coverage-guided fuzzer over whatever reads bytes that somebody else wrote (`make fuzz`); see docs/how-to/fuzz.md."""
