"""What a message is and where it may go, without Django, clocks or the network."""
