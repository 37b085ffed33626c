"""What people do in the console: a real Chromium in front of a real Waxell, with real processes behind it."""
