"""The `formerr` command: comfort on top of a program that is safe by itself."""
