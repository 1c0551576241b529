"""Infrastructure of the Formerr application on DigitalOcean: use what is there, create what is not."""
