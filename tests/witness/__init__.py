"""What tests of witnesses share: a witness as a real process, and one that dies at a named point."""
