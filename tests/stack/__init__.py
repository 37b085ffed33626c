"""One whole Waxell (`manage.py up`) for the tests that meet it as its users do: over HTTP, with real processes."""
