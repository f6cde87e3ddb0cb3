"""What a wheel consists of, checked as a whole before anything is compiled."""
