"""One module per service of the API: its routes, its rules, and how a foreign resource of its kind is made."""
