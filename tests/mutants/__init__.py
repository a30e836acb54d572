"""A proxy that breaks a double on purpose, and the catalogue of what it breaks: what the suite must find."""
